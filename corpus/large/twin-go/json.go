package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is the text that it stands in, without white space around it; nil is none.
type value = json.RawMessage

type member struct {
	name  string
	value value
}

// read returns the value that a text is, nil where it is no JSON or not UTF-8.
func read(text []byte) value {
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil
	}
	return bytes.TrimSpace(text)
}

func isObject(object value) bool {
	return len(object) > 0 && object[0] == '{'
}

// members returns those of an object, in order.
func members(object value) []member {
	if !isObject(object) {
		return nil
	}
	var found []member
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token()
	for decoder.More() {
		name, _ := decoder.Token()
		var part value
		if decoder.Decode(&part) != nil {
			return nil
		}
		found = append(found, member{fmt.Sprint(name), bytes.TrimSpace(part)})
	}
	return found
}

// get returns the member of a name, of several the last; nil where there is none.
func get(object value, name string) value {
	var found value
	for _, part := range members(object) {
		if part.name == name {
			found = part.value
		}
	}
	return found
}

func elements(array value) []value {
	var found []value
	if len(array) == 0 || array[0] != '[' || json.Unmarshal(array, &found) != nil {
		return nil
	}
	return found
}

// text returns what a string stands for; false where the value is none.
func text(of value) (string, bool) {
	var found string
	isString := len(of) > 0 && of[0] == '"' && json.Unmarshal(of, &found) == nil
	return found, isString
}

func is(of value, expected string) bool {
	found, isString := text(of)
	return isString && found == expected
}

var number = regexp.MustCompile(`^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]*))?$`)

// thousandths returns a number in thousandths, cut towards zero, worked out from its digits: the same on every machine.
// False if the value is no number, or a million or more.
func thousandths(of value) (int64, bool) {
	match := number.FindSubmatch(of)
	if match == nil {
		return 0, false
	}
	digits := strings.TrimLeft(string(match[2])+string(match[3]), "0")
	// An exponent of more digits than these moves the point out of sight in any case.
	exponent, _ := strconv.Atoi(string(match[4]) + "0" + string(match[5][:min(len(match[5]), 9)]))
	length := len(digits) + exponent + 3 - len(match[3])
	if digits == "" || length <= 0 {
		return 0, true
	}
	if length > 9 {
		return 0, false
	}
	digits += strings.Repeat("0", max(length-len(digits), 0))
	sum, _ := strconv.ParseInt(string(match[1])+digits[:length], 10, 64)
	return sum, true
}

// decimal writes thousandths as JSON, with no more decimals than it needs: 3850 is 3.85, 5000 is 5.
func decimal(thousandths int64) string {
	text := fmt.Sprintf("%d.%03d", thousandths/1000, thousandths%1000)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}
