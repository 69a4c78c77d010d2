// The twin in Go, as a core module. What it does is in corpus/twins/SPEC.md.
package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"unsafe"
)

const (
	schema = `{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{` +
		`"limit":{"type":"number","title":"Speed limit in m/s","minimum":0,"maximum":1000,"default":5},` +
		`"every":{"type":"integer","title":"Seconds from report to report","minimum":1,"maximum":3600,"default":10},` +
		`"notify":{"type":"boolean","title":"Notify above the limit","default":true}}}`
	endpoints = `[{"method":"GET","path":"/api/state","handler":"http_get_state"},` +
		`{"method":"GET","path":"/api/places/:id","handler":"http_get_place"},` +
		`{"method":"POST","path":"/api/reset","handler":"http_post_reset"}]`
	meta = `{"context":"vessels.self","updates":[{"meta":[{"path":"plugins.twin.mean",` +
		`"value":{"units":"m/s","description":"Mean speed since the start"}}]}]}`
	file            = "/data/twin.json"
	fileError       = "Cannot write /data/twin.json"
	fileBytes       = 8192
	fileBytesAtMost = 8000
	limitPath       = "plugins.twin.limit"
	alarmPath       = "notifications.plugins.twin.speed"
	depthPath       = "environment.depth.belowTransducer.value"
)

// The options, and what was heard since the start. Numbers are thousandths, times seconds.
type speeds struct {
	limit, every           int64
	notify, alarmed        bool
	heard, last, most, sum int64
}

var (
	now               speeds
	starts            int64
	places            = "{}"
	seconds, reported int64
	mayEmit           bool
)

// A reactor: the server calls the exports, and nobody calls this.
func main() {}

// ---- Telling the server something

func emit(pairs ...string) {
	if !mayEmit {
		return
	}
	var values []string
	for at := 0; at < len(pairs); at += 2 {
		values = append(values, fmt.Sprintf(`{"path":"%s","value":%s}`, pairs[at], pairs[at+1]))
	}
	skHandleMessage(`{"context":"vessels.self","updates":[{"values":[`+strings.Join(values, ",")+`]}]}`, 1)
}

func notify(value string) {
	if mayEmit {
		skPublishNotification(alarmPath, value)
	}
}

func mean() string {
	return decimal(now.sum / max(now.heard, 1))
}

func figures() string {
	return fmt.Sprintf(`"heard":%d,"mean":%s,"max":%s`, now.heard, mean(), decimal(now.most))
}

// ---- What it is

//go:wasmexport plugin_id
func pluginID(out unsafe.Pointer, room uint32) uint32 {
	return handOut("twin-go", out, room)
}

//go:wasmexport plugin_name
func pluginName(out unsafe.Pointer, room uint32) uint32 {
	return handOut("Twin (Go)", out, room)
}

//go:wasmexport plugin_schema
func pluginSchema(out unsafe.Pointer, room uint32) uint32 {
	return handOut(schema, out, room)
}

//go:wasmexport http_endpoints
func httpEndpoints(out unsafe.Pointer, room uint32) uint32 {
	return handOut(endpoints, out, room)
}

// ---- Its configuration and its file

func readLimit(of value) (int64, bool) {
	limit, isNumber := thousandths(of)
	return limit, isNumber && limit >= 0 && limit <= 1000000
}

// configured returns the options of a configuration, or what is wrong with it.
func configured(config value) (speeds, string) {
	fresh := speeds{limit: 5000, every: 10, notify: true}
	var right bool
	if !isObject(config) {
		return fresh, "The configuration is not a JSON object"
	}
	if limit := get(config, "limit"); limit != nil {
		if fresh.limit, right = readLimit(limit); !right {
			return fresh, "limit is a number from 0 to 1000"
		}
	}
	if every := get(config, "every"); every != nil {
		number, isNumber := thousandths(every)
		if !isNumber || number%1000 != 0 || number < 1000 || number > 3600000 {
			return fresh, "every is a whole number from 1 to 3600"
		}
		fresh.every = number / 1000
	}
	if wanted := string(get(config, "notify")); wanted != "" {
		fresh.notify = wanted == "true"
		if !fresh.notify && wanted != "false" {
			return fresh, "notify is true or false"
		}
	}
	return fresh, ""
}

var id = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func arePlaces(found value) bool {
	for _, place := range members(found) {
		if !id.MatchString(place.name) || !isObject(place.value) {
			return false
		}
	}
	return isObject(found)
}

func readKept() {
	text, err := os.ReadFile(file)
	if err != nil || len(text) > fileBytes {
		text = nil
	}
	kept := read(text)
	number, _ := thousandths(get(kept, "starts"))
	starts = max(number, 0) / 1000
	places = "{}"
	if found := get(kept, "places"); arePlaces(found) {
		places = string(found)
	}
}

func keptText(fresh string) string {
	return fmt.Sprintf(`{"starts":%d,"places":%s}`, starts, fresh)
}

func keep(text string) bool {
	return os.WriteFile(file, []byte(text), 0o644) == nil
}

// ---- Its life

// 0 means that the plugin runs.
//
//go:wasmexport plugin_start
func start(config unsafe.Pointer, length uint32) int32 {
	fresh, wrong := configured(read(received(config, length)))
	if wrong != "" {
		setError(wrong)
		return 1
	}
	now, seconds, reported = fresh, 0, 0
	readKept()
	starts++
	mayEmit = skHasCapability("dataWrite") == 1
	healthy := true
	for _, need := range []struct {
		there   bool
		message string
	}{
		{mayEmit, "The capability dataWrite is missing"},
		{keep(keptText(places)), fileError},
		{skRegisterPutHandler("vessels.self", limitPath) == 1, "The capability putHandlers is missing"},
		{skRegisterResourceProvider("places") == 1, "The capability resourceProvider is missing"},
	} {
		if !need.there {
			setError(need.message)
			healthy = false
		}
	}
	emit("plugins.twin.starts", fmt.Sprint(starts), limitPath, decimal(now.limit))
	if mayEmit {
		skHandleMessage(meta, 1)
	}
	if healthy {
		setStatus(fmt.Sprintf("Started, run %d", starts))
	}
	return 0
}

func hear(of value) bool {
	speed, isNumber := thousandths(of)
	if !isNumber || speed < 0 {
		return false
	}
	now.last = speed
	now.heard++
	now.sum += speed
	now.most = max(now.most, speed)
	return true
}

//go:wasmexport delta_handler
func deltaHandler(text unsafe.Pointer, length uint32) {
	heard := false
	for _, update := range elements(get(read(received(text, length)), "updates")) {
		for _, part := range elements(get(update, "values")) {
			if is(get(part, "path"), "navigation.speedOverGround") {
				heard = hear(get(part, "value")) || heard
			}
		}
	}
	if heard {
		emit("plugins.twin.heard", fmt.Sprint(now.heard), "plugins.twin.mean", mean(), "plugins.twin.max", decimal(now.most))
		watch()
	}
}

// watch raises the alarm, or ends it.
func watch() {
	above := now.last > now.limit
	if !now.notify || above == now.alarmed {
		return
	}
	now.alarmed = above
	state, method, isAbove, deep := "normal", "[]", "is not above", ""
	if above {
		state, method, isAbove = "alert", `["visual"]`, "is above"
		if metres, isNumber := thousandths(read(own(depthPath))); isNumber && metres >= 0 {
			deep = fmt.Sprintf(", at a depth of %s m", decimal(metres))
		}
	}
	message := fmt.Sprintf("Speed %s m/s %s %s m/s%s", decimal(now.last), isAbove, decimal(now.limit), deep)
	notify(fmt.Sprintf(`{"state":"%s","method":%s,"message":"%s"}`, state, method, message))
}

// Called once a second.
//
//go:wasmexport poll
func poll() int32 {
	seconds++
	if seconds >= now.every {
		seconds = 0
		if now.heard != reported {
			reported = now.heard
			emit("plugins.twin.report", "{"+figures()+"}")
		}
	}
	return 0
}

// 0 means that the plugin has stopped.
//
//go:wasmexport plugin_stop
func stop() int32 {
	if now.alarmed {
		now.alarmed = false
		notify("null")
	}
	setStatus("Stopped")
	return 0
}

// ---- What it is asked to do

//go:wasmexport handle_put_vessels_self_plugins_twin_limit
func putLimit(text unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	limit, right := readLimit(read(received(text, length)))
	if !right {
		message := "The limit is a number from 0 to 1000"
		return handOut(`{"state":"COMPLETED","statusCode":400,"message":"`+message+`"}`, out, room)
	}
	now.limit = limit
	emit(limitPath, decimal(limit))
	skSaveConfig(fmt.Sprintf(`{"limit":%s,"every":%d,"notify":%t}`, decimal(limit), now.every, now.notify))
	return handOut(`{"state":"COMPLETED","statusCode":200}`, out, room)
}

// answer answers an HTTP request with JSON.
func answer(status int, body string, out unsafe.Pointer, room uint32) uint32 {
	headers := `{"Content-Type":"application/json"}`
	return handOut(fmt.Sprintf(`{"statusCode":%d,"headers":%s,"body":%s}`, status, headers, body), out, room)
}

//go:wasmexport http_get_state
func getState(_ unsafe.Pointer, _ uint32, out unsafe.Pointer, room uint32) uint32 {
	state := fmt.Sprintf(`{"starts":%d,"limit":%s,%s,"alarm":%t}`, starts, decimal(now.limit), figures(), now.alarmed)
	return answer(200, state, out, room)
}

// placeOf returns the place whose id is the member "id" of an object; nil where there is none.
func placeOf(object value) value {
	asked, _ := text(get(object, "id"))
	return get(value(places), asked)
}

//go:wasmexport http_get_place
func getPlace(request unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	place := placeOf(get(read(received(request, length)), "params"))
	if place == nil {
		return answer(404, `{"error":"There is no such place"}`, out, room)
	}
	return answer(200, string(place), out, room)
}

//go:wasmexport http_post_reset
func postReset(_ unsafe.Pointer, _ uint32, out unsafe.Pointer, room uint32) uint32 {
	now.heard, now.last, now.most, now.sum, reported = 0, 0, 0, 0, 0
	return answer(200, `{"heard":0}`, out, room)
}

// ofPlaces returns a request for resources, if it is for places.
func ofPlaces(request []byte) value {
	if asked := read(request); is(get(asked, "resourceType"), "places") {
		return asked
	}
	return nil
}

//go:wasmexport resources_list_resources
func listPlaces(request unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	if ofPlaces(received(request, length)) == nil {
		return handOut("{}", out, room)
	}
	return handOut(places, out, room)
}

//go:wasmexport resources_get_resource
func getResource(request unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	if place := placeOf(ofPlaces(received(request, length))); place != nil {
		return handOut(string(place), out, room)
	}
	return handOut("{}", out, room)
}

// change puts a place at the end of all places, or takes it away where it is nil. It returns what went wrong.
func change(asked string, place value) string {
	var all []string
	for _, other := range members(value(places)) {
		if other.name != asked {
			all = append(all, fmt.Sprintf(`"%s":%s`, other.name, other.value))
		}
	}
	if place != nil {
		all = append(all, fmt.Sprintf(`"%s":%s`, asked, place))
	}
	fresh := "{" + strings.Join(all, ",") + "}"
	kept := keptText(fresh)
	if place != nil && len(kept) > fileBytesAtMost {
		return "There is no room for it"
	}
	if !keep(kept) {
		return fileError
	}
	places = fresh
	return ""
}

func askedChange(request []byte, put bool) string {
	asked := ofPlaces(request)
	if asked == nil {
		return "There are only places"
	}
	which, _ := text(get(asked, "id"))
	if !id.MatchString(which) {
		return "An id is made of letters, digits, - and _, at most 64"
	}
	if !put {
		return change(which, nil)
	}
	place := get(asked, "value")
	if !isObject(place) {
		return "A place is an object"
	}
	return change(which, place)
}

//go:wasmexport resources_set_resource
func setPlace(request unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	return handOut(askedChange(received(request, length), true), out, room)
}

//go:wasmexport resources_delete_resource
func deletePlace(request unsafe.Pointer, length uint32, out unsafe.Pointer, room uint32) uint32 {
	return handOut(askedChange(received(request, length), false), out, room)
}
