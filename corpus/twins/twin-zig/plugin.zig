//! The twin in Zig, as a core module. What it does is in ../SPEC.md.

const json = @import("sdk/json.zig");
const sk = @import("sdk/signalk.zig");
const Writer = sk.Writer;

const schema =
    \\{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{
    \\"limit":{"type":"number","title":"Speed limit in m/s","minimum":0,"maximum":1000,"default":5},
    \\"every":{"type":"integer","title":"Seconds from report to report","minimum":1,"maximum":3600,"default":10},
    \\"notify":{"type":"boolean","title":"Notify above the limit","default":true}}}
;
const endpoints =
    \\[{"method":"GET","path":"/api/state","handler":"http_get_state"},
    \\{"method":"GET","path":"/api/places/:id","handler":"http_get_place"},
    \\{"method":"POST","path":"/api/reset","handler":"http_post_reset"}]
;
const meta =
    \\{"context":"vessels.self","updates":[{"meta":[{"path":"plugins.twin.mean",
    \\"value":{"units":"m/s","description":"Mean speed since the start"}}]}]}
;
const file_name = "data/twin.json";
const file_error = "Cannot write /data/twin.json";
const limit_path = "plugins.twin.limit";
const alarm_path = "notifications.plugins.twin.speed";
const depth_path = "environment.depth.belowTransducer.value";
const file_bytes = 8192;
const file_bytes_at_most = 8000;

/// The options, and what was heard since the start. Numbers are thousandths, times seconds.
const Speeds = struct {
    limit: u64 = 5000,
    every: u32 = 10,
    notify: bool = true,
    heard: u64 = 0,
    last: u64 = 0,
    max: u64 = 0,
    sum: u64 = 0,
    alarmed: bool = false,

    fn mean(self: Speeds) u64 {
        return self.sum / @max(self.heard, 1);
    }
};

var speeds: Speeds = .{};
var starts: u64 = 0;
var seconds: u32 = 0;
var reported: u64 = 0;
var may_emit = false;

// The places as a JSON object. Two rooms: a change is made from one to the other.
var rooms: [2][file_bytes]u8 = undefined;
var room_in_use: u1 = 0;
var places: []const u8 = "{}";

// Where answers and deltas are put together; none is needed any more when the next begins.
var answer_room: [file_bytes + 256]u8 = undefined;
var delta_room: [1024]u8 = undefined;

// ---- Telling the server something -------------------------------------------------------------------------------------

/// One more value of the delta that is put together; the first begins it.
fn beginValue(delta: *Writer, path: []const u8) void {
    delta.put(if (delta.length == 0) "{\"context\":\"vessels.self\",\"updates\":[{\"values\":[" else "},");
    delta.put("{\"path\":\"");
    delta.put(path);
    delta.put("\",\"value\":");
}

fn emit(delta: *Writer) void {
    delta.put("}]}]}");
    if (may_emit) sk.handleMessage(delta.written());
}

fn notify(value: []const u8) void {
    if (may_emit) sk.notify(alarm_path, value);
}

/// `"heard":…,"mean":…,"max":…`
fn putFigures(out: *Writer) void {
    out.put("\"heard\":");
    out.putNumber(speeds.heard);
    out.put(",\"mean\":");
    out.putThousandths(speeds.mean());
    out.put(",\"max\":");
    out.putThousandths(speeds.max);
}

// ---- What it is -------------------------------------------------------------------------------------------------------

export fn plugin_id(out: [*]u8, room: usize) usize {
    return sk.handOut("twin-zig", out, room);
}

export fn plugin_name(out: [*]u8, room: usize) usize {
    return sk.handOut("Twin (Zig)", out, room);
}

export fn plugin_schema(out: [*]u8, room: usize) usize {
    return sk.handOut(schema, out, room);
}

export fn http_endpoints(out: [*]u8, room: usize) usize {
    return sk.handOut(endpoints, out, room);
}

// ---- Its configuration and its file -----------------------------------------------------------------------------------

fn readLimit(value: ?[]const u8) ?u64 {
    const limit = json.thousandths(value) orelse return null;
    return if (limit >= 0 and limit <= 1_000_000) @intCast(limit) else null;
}

/// The options of a configuration, with nothing heard yet. Returns what is wrong with it.
fn configure(config: []const u8) ?[]const u8 {
    const object = json.read(config) orelse "";
    if (!json.isObject(object)) return "The configuration is not a JSON object";
    speeds = .{};
    if (json.member(object, "limit")) |limit| {
        speeds.limit = readLimit(limit) orelse return "limit is a number from 0 to 1000";
    }
    if (json.member(object, "every")) |every| {
        const number = json.thousandths(every) orelse -1;
        if (@rem(number, 1000) != 0 or number < 1000 or number > 3_600_000) return "every is a whole number from 1 to 3600";
        speeds.every = @intCast(@divTrunc(number, 1000));
    }
    if (json.member(object, "notify")) |wanted| {
        if (wanted[0] != 't' and wanted[0] != 'f') return "notify is true or false";
        speeds.notify = wanted[0] == 't';
    }
    return null;
}

/// The id that a JSON string is.
fn readId(value: ?[]const u8, room: *[64]u8) ?[]const u8 {
    const id = json.ascii(value, room) orelse return null;
    for (id) |character| switch (character) {
        'a'...'z', 'A'...'Z', '0'...'9', '-', '_' => {},
        else => return null,
    };
    return if (id.len > 0) id else null;
}

fn arePlaces(value: []const u8) bool {
    var room: [64]u8 = undefined;
    var members = json.parts(value);
    while (members.next()) |place| {
        if (!json.isObject(place) or readId(members.name, &room) == null) return false;
    }
    return json.isObject(value);
}

fn readKept() void {
    var room: [file_bytes]u8 = undefined;
    const kept = json.read(sk.readFile(file_name, &room));
    const number = json.thousandths(json.member(kept, "starts")) orelse 0;
    starts = @intCast(@divTrunc(@max(number, 0), 1000));
    var copy: Writer = .{ .room = &rooms[room_in_use] };
    const found = json.member(kept, "places") orelse "{}";
    copy.put(if (arePlaces(found)) found else "{}");
    places = copy.written();
}

/// What is kept, put together.
fn keptText(fresh: []const u8) Writer {
    var writer: Writer = .{ .room = &answer_room };
    writer.put("{\"starts\":");
    writer.putNumber(starts);
    writer.put(",\"places\":");
    writer.put(fresh);
    writer.put("}");
    return writer;
}

// ---- Its life ---------------------------------------------------------------------------------------------------------

/// 0 means that the plugin runs.
export fn plugin_start(config: [*]const u8, length: usize) i32 {
    if (configure(config[0..length])) |wrong| {
        sk.setError(wrong);
        return 1;
    }
    seconds = 0;
    reported = 0;
    may_emit = sk.hasCapability("dataWrite");
    readKept();
    starts += 1;
    var healthy = true;
    for ([_]struct { bool, []const u8 }{
        .{ may_emit, "The capability dataWrite is missing" },
        .{ sk.writeFile(file_name, keptText(places).written()), file_error },
        .{ sk.takePuts(limit_path), "The capability putHandlers is missing" },
        .{ sk.provideResources("places"), "The capability resourceProvider is missing" },
    }) |need| {
        if (!need[0]) sk.setError(need[1]);
        healthy = healthy and need[0];
    }
    var delta: Writer = .{ .room = &delta_room };
    beginValue(&delta, "plugins.twin.starts");
    delta.putNumber(starts);
    beginValue(&delta, limit_path);
    delta.putThousandths(speeds.limit);
    emit(&delta);
    if (may_emit) sk.handleMessage(meta);
    if (healthy) {
        var status: Writer = .{ .room = &delta_room };
        status.put("Started, run ");
        status.putNumber(starts);
        sk.setStatus(status.written());
    }
    return 0;
}

/// Counts a speed, given as JSON. Tells whether it was one.
fn hear(value: ?[]const u8) bool {
    const speed = json.thousandths(value) orelse return false;
    if (speed < 0) return false;
    speeds.last = @intCast(speed);
    speeds.heard += 1;
    speeds.sum += speeds.last;
    speeds.max = @max(speeds.max, speeds.last);
    return true;
}

export fn delta_handler(text: [*]const u8, length: usize) void {
    var heard = false;
    var updates = json.parts(json.member(json.read(text[0..length]), "updates"));
    while (updates.next()) |update| {
        var values = json.parts(json.member(update, "values"));
        while (values.next()) |value| {
            if (json.isString(json.member(value, "path"), "navigation.speedOverGround")) {
                heard = hear(json.member(value, "value")) or heard;
            }
        }
    }
    if (!heard) return;
    var delta: Writer = .{ .room = &delta_room };
    beginValue(&delta, "plugins.twin.heard");
    delta.putNumber(speeds.heard);
    beginValue(&delta, "plugins.twin.mean");
    delta.putThousandths(speeds.mean());
    beginValue(&delta, "plugins.twin.max");
    delta.putThousandths(speeds.max);
    emit(&delta);
    watch();
}

/// Raises the alarm, or ends it.
fn watch() void {
    const above = speeds.last > speeds.limit;
    var room: [64]u8 = undefined;
    const depth = json.thousandths(json.read(sk.own(depth_path, &room))) orelse -1;
    if (!speeds.notify or above == speeds.alarmed) return;
    speeds.alarmed = above;
    var out: Writer = .{ .room = &delta_room };
    out.put(if (above) "{\"state\":\"alert\",\"method\":[\"visual\"]" else "{\"state\":\"normal\",\"method\":[]");
    out.put(",\"message\":\"Speed ");
    out.putThousandths(speeds.last);
    out.put(if (above) " m/s is above " else " m/s is not above ");
    out.putThousandths(speeds.limit);
    out.put(" m/s");
    if (above and depth >= 0) {
        out.put(", at a depth of ");
        out.putThousandths(@intCast(depth));
        out.put(" m");
    }
    out.put("\"}");
    notify(out.written());
}

/// Called once a second.
export fn poll() i32 {
    seconds += 1;
    if (seconds < speeds.every) return 0;
    seconds = 0;
    if (speeds.heard != reported) {
        reported = speeds.heard;
        var delta: Writer = .{ .room = &delta_room };
        beginValue(&delta, "plugins.twin.report");
        delta.put("{");
        putFigures(&delta);
        delta.put("}");
        emit(&delta);
    }
    return 0;
}

/// 0 means that the plugin has stopped.
export fn plugin_stop() i32 {
    if (speeds.alarmed) {
        speeds.alarmed = false;
        notify("null");
    }
    sk.setStatus("Stopped");
    return 0;
}

// ---- What it is asked to do -------------------------------------------------------------------------------------------

export fn handle_put_vessels_self_plugins_twin_limit(value: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    speeds.limit = readLimit(json.read(value[0..length])) orelse return sk.handOut(
        \\{"state":"COMPLETED","statusCode":400,"message":"The limit is a number from 0 to 1000"}
    , out, room);
    var delta: Writer = .{ .room = &delta_room };
    beginValue(&delta, limit_path);
    delta.putThousandths(speeds.limit);
    emit(&delta);
    var config: Writer = .{ .room = &delta_room };
    config.put("{\"limit\":");
    config.putThousandths(speeds.limit);
    config.put(",\"every\":");
    config.putNumber(speeds.every);
    config.put(if (speeds.notify) ",\"notify\":true}" else ",\"notify\":false}");
    sk.saveConfig(config.written());
    return sk.handOut("{\"state\":\"COMPLETED\",\"statusCode\":200}", out, room);
}

/// An answer to an HTTP request, up to its body.
fn beginAnswer(status: []const u8) Writer {
    var writer: Writer = .{ .room = &answer_room };
    writer.put("{\"headers\":{\"Content-Type\":\"application/json\"},\"statusCode\":");
    writer.put(status);
    writer.put(",\"body\":");
    return writer;
}

fn endAnswer(writer: *Writer, out: [*]u8, room: usize) usize {
    writer.put("}");
    return sk.handOut(writer.written(), out, room);
}

export fn http_get_state(_: [*]const u8, _: usize, out: [*]u8, room: usize) usize {
    var writer = beginAnswer("200");
    writer.put("{\"starts\":");
    writer.putNumber(starts);
    writer.put(",\"limit\":");
    writer.putThousandths(speeds.limit);
    writer.put(",");
    putFigures(&writer);
    writer.put(if (speeds.alarmed) ",\"alarm\":true}" else ",\"alarm\":false}");
    return endAnswer(&writer, out, room);
}

/// The place whose id is the member "id" of an object.
fn placeOf(object: ?[]const u8) ?[]const u8 {
    var room: [64]u8 = undefined;
    const id = readId(json.member(object, "id"), &room) orelse return null;
    return json.member(places, id);
}

export fn http_get_place(request: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    const place = placeOf(json.member(json.read(request[0..length]), "params"));
    var writer = beginAnswer(if (place == null) "404" else "200");
    writer.put(place orelse "{\"error\":\"There is no such place\"}");
    return endAnswer(&writer, out, room);
}

export fn http_post_reset(_: [*]const u8, _: usize, out: [*]u8, room: usize) usize {
    speeds = .{ .limit = speeds.limit, .every = speeds.every, .notify = speeds.notify, .alarmed = speeds.alarmed };
    reported = 0;
    var writer = beginAnswer("200");
    writer.put("{\"heard\":0}");
    return endAnswer(&writer, out, room);
}

/// A request for resources, if it is for places.
fn ofPlaces(request: []const u8) ?[]const u8 {
    const asked = json.read(request);
    return if (json.isString(json.member(asked, "resourceType"), "places")) asked else null;
}

export fn resources_list_resources(request: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    return sk.handOut(if (ofPlaces(request[0..length]) == null) "{}" else places, out, room);
}

export fn resources_get_resource(request: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    return sk.handOut(placeOf(ofPlaces(request[0..length])) orelse "{}", out, room);
}

/// Puts a place at the end of all places, or takes it away. Returns what went wrong.
fn change(id: []const u8, place: ?[]const u8) []const u8 {
    var fresh: Writer = .{ .room = &rooms[room_in_use ^ 1] };
    var members = json.parts(places);
    fresh.put("{");
    while (members.next()) |value| {
        if (json.isString(members.name, id)) continue;
        if (fresh.length > 1) fresh.put(",");
        fresh.put(members.name);
        fresh.put(":");
        fresh.put(value);
    }
    if (place) |value| {
        fresh.put(if (fresh.length > 1) ",\"" else "\"");
        fresh.put(id);
        fresh.put("\":");
        fresh.put(value);
    }
    fresh.put("}");
    const kept = keptText(fresh.written());
    if (place != null and (!fresh.fits() or kept.length > file_bytes_at_most)) return "There is no room for it";
    if (!sk.writeFile(file_name, kept.written())) return file_error;
    room_in_use ^= 1;
    places = fresh.written();
    return "";
}

fn askedChange(request: []const u8, put: bool) []const u8 {
    var room: [64]u8 = undefined;
    const asked = ofPlaces(request) orelse return "There are only places";
    const id = readId(json.member(asked, "id"), &room) orelse return "An id is made of letters, digits, - and _, at most 64";
    if (!put) return change(id, null);
    const place = json.member(asked, "value") orelse "";
    return if (json.isObject(place)) change(id, place) else "A place is an object";
}

export fn resources_set_resource(request: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    return sk.handOut(askedChange(request[0..length], true), out, room);
}

export fn resources_delete_resource(request: [*]const u8, length: usize, out: [*]u8, room: usize) usize {
    return sk.handOut(askedChange(request[0..length], false), out, room);
}
