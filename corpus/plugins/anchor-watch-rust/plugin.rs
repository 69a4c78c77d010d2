//! A Signal K plugin in Rust that watches the anchor.
//!
//! The anchor is dropped, and the circle around it drawn, by PUT requests or over HTTP. The plugin looks every few
//! seconds where the vessel is, and raises the alarm when that is outside of the circle. Its README is its manual.

mod json;
mod watch;

use json::Json;
use signalk_plugin::core::{
    delta, hand_out, handle_message_of_two, notify, own, received, set_error, set_status, take_puts,
};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use watch::{read_radius, Change, Position, Watch};

signalk_plugin::core_exports!();

const ID: &str = "anchor-watch-rust";
const NAME: &str = "Anchor Watch (Rust)";
const SCHEMA: &str = concat!(
    r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#,
    r#""maxRadius":{"type":"number","title":"Radius of the circle around the anchor, in metres","#,
    r#""minimum":10,"maximum":1000,"default":50},"#,
    r#""checkInterval":{"type":"integer","title":"Seconds from one look at the vessel's position to the next","#,
    r#""minimum":1,"maximum":3600,"default":10}}}"#
);
const ENDPOINTS: &str = concat!(
    r#"[{"method":"GET","path":"/api/status","handler":"http_get_status"},"#,
    r#"{"method":"GET","path":"/api/position","handler":"http_get_position"},"#,
    r#"{"method":"POST","path":"/api/drop","handler":"http_post_drop"}]"#
);

const POSITION: &str = "navigation.anchor.position";
const MAX_RADIUS: &str = "navigation.anchor.maxRadius";
const STATE: &str = "navigation.anchor.state";
const ALARM: &str = "notifications.navigation.anchor";
const OWN_POSITION: &str = "navigation.position";

/// What the data model may take to tell a position.
const MODEL_BYTES: usize = 1024;

/// A cell, which is never borrowed: the server may call the plugin while the plugin calls the server.
struct Shared(Cell<Watch>);

// There is one thread.
unsafe impl Sync for Shared {}

static WATCH: Shared = Shared(Cell::new(Watch::OFF));

/// Whether anything has changed since the last look that could bring the vessel out of the circle, or back.
static NEWS: AtomicBool = AtomicBool::new(false);

fn change<T>(by: impl FnOnce(&mut Watch) -> T) -> T {
    let mut watch = WATCH.0.get();
    let result = by(&mut watch);
    WATCH.0.set(watch);
    result
}

fn watch() -> Watch {
    WATCH.0.get()
}

fn emit(values: &[(&str, &str)]) {
    handle_message_of_two(&delta(values));
}

// ---- What it is -----------------------------------------------------------------------------------------------------

#[no_mangle]
pub unsafe extern "C" fn plugin_id(out: *mut u8, room: usize) -> usize {
    hand_out(ID, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn plugin_name(out: *mut u8, room: usize) -> usize {
    hand_out(NAME, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn plugin_schema(out: *mut u8, room: usize) -> usize {
    hand_out(SCHEMA, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn http_endpoints(out: *mut u8, room: usize) -> usize {
    hand_out(ENDPOINTS, out, room)
}

// ---- Its life -------------------------------------------------------------------------------------------------------

/// 0 means that the plugin runs.
#[no_mangle]
pub unsafe extern "C" fn plugin_start(config: *const u8, length: usize) -> i32 {
    match Watch::configured(Json::new(received(config, length))) {
        Ok(fresh) => {
            begin(fresh);
            0
        }
        Err(message) => {
            set_error(message);
            1
        }
    }
}

fn begin(fresh: Watch) {
    change(|watch| *watch = fresh);
    NEWS.store(true, Relaxed);
    let takes_puts = [POSITION, MAX_RADIUS, STATE]
        .into_iter()
        .filter(|path| take_puts(path))
        .count()
        == 3;
    // An alarm of an earlier life is over.
    let may_emit = notify(ALARM, "null");
    emit(&[(STATE, "\"on\""), (MAX_RADIUS, &format!("{}", fresh.max_radius))]);
    if !may_emit {
        set_error("The capability dataWrite is missing: there will be no alarm");
    } else if !takes_puts {
        set_error("The capability putHandlers is missing: only POST /api/drop sets the anchor");
    } else {
        show();
    }
}

/// Says in the status what is watched.
fn show() {
    let watch = watch();
    match watch.anchor {
        None => set_status("No anchor is set"),
        Some(Position { latitude, longitude }) => set_status(&format!(
            "Anchor at {:.5}, {:.5} with a circle of {} m{}",
            latitude,
            longitude,
            watch.max_radius,
            if watch.alarm {
                ", and the vessel is outside of it"
            } else {
                ""
            }
        )),
    }
}

/// Called once a second while the plugin runs.
#[no_mangle]
pub extern "C" fn poll() -> i32 {
    if change(Watch::second) && watch().anchor.is_some() && NEWS.swap(false, Relaxed) {
        let vessel = own("navigation.position.value", MODEL_BYTES).and_then(|text| Position::read(Json::new(&text)).ok());
        let was_blind = change(|watch| std::mem::replace(&mut watch.blind, vessel.is_none()));
        match vessel {
            Some(vessel) => {
                if was_blind {
                    show();
                }
                look(vessel);
            }
            None => set_status("The vessel's own position is not known: the anchor cannot be watched"),
        }
    }
    0
}

fn look(vessel: Position) {
    let limit = watch().max_radius;
    let (state, method, message) = match change(|watch| watch.look(vessel)) {
        Change::None => return,
        Change::Alarm(metres) => (
            "alarm",
            r#""visual","sound""#,
            format!(
                "The vessel is {:.0} m away from its anchor, and {} m are allowed",
                metres, limit
            ),
        ),
        Change::Quiet(metres) => (
            "normal",
            "",
            format!("The vessel is {:.0} m away from its anchor", metres),
        ),
    };
    notify(
        ALARM,
        &format!(
            r#"{{"state":"{}","method":[{}],"message":"{}"}}"#,
            state, method, message
        ),
    );
    set_status(&message);
}

/// The position itself is read from the data model: a delta may be about any vessel.
#[no_mangle]
pub unsafe extern "C" fn delta_handler(delta: *const u8, length: usize) {
    let name = OWN_POSITION.as_bytes();
    if received(delta, length).windows(name.len()).any(|part| part == name) {
        NEWS.store(true, Relaxed);
    }
}

/// 0 means that the plugin has stopped. The anchor is forgotten: another day the vessel lies elsewhere.
#[no_mangle]
pub extern "C" fn plugin_stop() -> i32 {
    let before = watch();
    change(|watch| *watch = Watch::OFF);
    if before.alarm {
        notify(ALARM, "null");
    }
    if before.anchor.is_some() {
        emit(&[(POSITION, "null")]);
    }
    emit(&[(STATE, "\"off\"")]);
    set_status("Stopped");
    0
}

// ---- What it is asked to do -----------------------------------------------------------------------------------------

/// Drops the anchor, draws the circle around it, or both; and tells everybody.
fn set(anchor: Option<Position>, max_radius: Option<f64>) {
    change(|watch| {
        watch.anchor = anchor.or(watch.anchor);
        watch.max_radius = max_radius.unwrap_or(watch.max_radius);
    });
    NEWS.store(true, Relaxed);
    let mut values = Vec::new();
    if let Some(position) = anchor {
        values.push((POSITION, position.to_json()));
    }
    if let Some(radius) = max_radius {
        values.push((MAX_RADIUS, format!("{}", radius)));
    }
    let values: Vec<(&str, &str)> = values.iter().map(|(path, value)| (*path, value.as_str())).collect();
    emit(&values);
    show();
}

/// Answers a PUT request with what became of it: what was done, or why nothing was.
unsafe fn answer_put(result: Result<&str, &str>, out: *mut u8, room: usize) -> usize {
    let (code, message) = match result {
        Ok(message) => (200, message),
        Err(message) => (400, message),
    };
    let answer = format!(
        r#"{{"state":"COMPLETED","statusCode":{},"message":"{}"}}"#,
        code, message
    );
    hand_out(&answer, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn handle_put_vessels_self_navigation_anchor_position(
    value: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
) -> usize {
    let result = Position::read(Json::new(received(value, length)));
    answer_put(
        result
            .map(|position| set(Some(position), None))
            .map(|_| "The anchor is set"),
        out,
        room,
    )
}

#[no_mangle]
#[allow(non_snake_case)] // the path has a capital letter
pub unsafe extern "C" fn handle_put_vessels_self_navigation_anchor_maxRadius(
    value: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
) -> usize {
    let result = read_radius(Json::new(received(value, length)));
    answer_put(
        result
            .map(|radius| set(None, Some(radius)))
            .map(|_| "The circle is drawn"),
        out,
        room,
    )
}

#[no_mangle]
pub unsafe extern "C" fn handle_put_vessels_self_navigation_anchor_state(
    value: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
) -> usize {
    let result = match Json::new(received(value, length)).text().as_deref() {
        Some("on" | "off") => Ok("Nothing has changed: the watch is on while the plugin is enabled"),
        _ => Err("the state is on or off"),
    };
    answer_put(result, out, room)
}

/// Answers an HTTP request with JSON.
unsafe fn answer_http(code: u16, body: &str, out: *mut u8, room: usize) -> usize {
    let headers = r#"{"Content-Type":"application/json"}"#;
    let answer = format!(r#"{{"statusCode":{},"headers":{},"body":{}}}"#, code, headers, body);
    hand_out(&answer, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn http_get_status(_: *const u8, _: usize, out: *mut u8, room: usize) -> usize {
    let watch = watch();
    let body = format!(
        r#"{{"running":{},"alarmActive":{},"position":{},"maxRadius":{},"checkInterval":{}}}"#,
        watch.running,
        watch.alarm,
        watch.anchor.map_or(String::from("null"), Position::to_json),
        watch.max_radius,
        watch.check_interval
    );
    answer_http(200, &body, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn http_get_position(_: *const u8, _: usize, out: *mut u8, room: usize) -> usize {
    let watch = watch();
    match watch.anchor {
        None => answer_http(404, r#"{"error":"No anchor is set"}"#, out, room),
        Some(Position { latitude, longitude }) => {
            let body = format!(
                r#"{{"latitude":{},"longitude":{},"maxRadius":{}}}"#,
                latitude, longitude, watch.max_radius
            );
            answer_http(200, &body, out, room)
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn http_post_drop(request: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    match drop_anchor(Json::new(received(request, length)).get("body")) {
        Ok(body) => answer_http(200, &body, out, room),
        Err(message) => {
            let body = format!(r#"{{"success":false,"message":"{}"}}"#, message);
            answer_http(400, &body, out, room)
        }
    }
}

fn drop_anchor(body: Option<Json>) -> Result<String, &'static str> {
    let body = body
        .filter(|body| body.members().is_some())
        .ok_or("the body must be a JSON object")?;
    let position = Position::read(body)?;
    let max_radius = body.get("maxRadius").map(read_radius).transpose()?;
    set(Some(position), max_radius);
    Ok(format!(
        r#"{{"success":true,"message":"Anchor dropped","position":{},"maxRadius":{}}}"#,
        position.to_json(),
        watch().max_radius
    ))
}
