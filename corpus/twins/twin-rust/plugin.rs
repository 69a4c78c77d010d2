//! The twin in Rust, as a core module. What it does is in ../SPEC.md; what it shares with the component is in `twin`.

#[path = "common/twin.rs"]
mod twin;

use signalk_plugin::core::{
    emit, handle_message, hand_out, has_capability, notify, own, provide_resources, received, save_config, set_error,
    set_status, take_puts,
};
use signalk_plugin::json::{from_thousandths, Json};
use std::cell::{RefCell, RefMut};
use std::fs;
use twin::{read_id, read_limit, Kept, Speeds, ALARM, DEPTH, FILE_ERROR, HEARD, LIMIT, MAX, MEAN, SCHEMA, SPEED, STARTS};

signalk_plugin::core_exports!();

const ENDPOINTS: &str = concat!(
    r#"[{"method":"GET","path":"/api/state","handler":"http_get_state"},"#,
    r#"{"method":"GET","path":"/api/places/:id","handler":"http_get_place"},"#,
    r#"{"method":"POST","path":"/api/reset","handler":"http_post_reset"}]"#
);
const META: &str = concat!(
    r#"{"context":"vessels.self","updates":[{"meta":[{"path":"plugins.twin.mean","#,
    r#""value":{"units":"m/s","description":"Mean speed since the start"}}]}]}"#
);
const FILE: &str = "/data/twin.json";
const KIND: &str = "places";
const FILE_BYTES_AT_MOST: usize = 8000;

struct Twin {
    speeds: Speeds,
    kept: Kept,
    seconds: u32,
    reported: u32,
    may_emit: bool,
}

struct Shared(RefCell<Twin>);

// There is one thread.
unsafe impl Sync for Shared {}

static TWIN: Shared = Shared(RefCell::new(Twin {
    speeds: Speeds::NONE,
    kept: Kept {
        starts: 0,
        places: String::new(),
    },
    seconds: 0,
    reported: 0,
    may_emit: false,
}));

/// What the plugin knows. The server never calls the plugin while the plugin calls the server.
fn twin() -> RefMut<'static, Twin> {
    TWIN.0.borrow_mut()
}

impl Twin {
    fn start(&mut self, config: &[u8]) -> Result<(), &'static str> {
        self.speeds = Speeds::configured(config)?;
        self.seconds = 0;
        self.reported = 0;
        self.may_emit = has_capability("dataWrite");
        self.kept = Kept::read(&fs::read(FILE).unwrap_or_default());
        self.kept.starts += 1;
        let needs = [
            (self.may_emit, "The capability dataWrite is missing"),
            (self.keep(&self.kept), FILE_ERROR),
            (take_puts(LIMIT), "The capability putHandlers is missing"),
            (provide_resources(KIND), "The capability resourceProvider is missing"),
        ];
        let missing = needs.iter().filter(|(there, _)| !there);
        missing.clone().for_each(|(_, message)| set_error(message));

        let starts = format!("{}", self.kept.starts);
        self.emit(&[(STARTS, &starts), (LIMIT, &from_thousandths(self.speeds.limit))]);
        if self.may_emit {
            handle_message(META);
        }
        if missing.count() == 0 {
            set_status(&format!("Started, run {}", starts));
        }
        Ok(())
    }

    fn keep(&self, kept: &Kept) -> bool {
        fs::write(FILE, kept.text()).is_ok()
    }

    fn emit(&self, values: &[(&str, &str)]) {
        if self.may_emit {
            emit(values);
        }
    }

    fn notify(&self, value: &str) {
        if self.may_emit {
            notify(ALARM, value);
        }
    }

    fn hear(&mut self, delta: Json) {
        let mut heard = false;
        for update in delta.get("updates").into_iter().flat_map(Json::elements) {
            for value in update.get("values").into_iter().flat_map(Json::elements) {
                let path = value.get("path").and_then(Json::string);
                if path.as_deref() == Some(SPEED) {
                    heard |= value.get("value").map_or(false, |speed| self.speeds.hear(speed));
                }
            }
        }
        if heard {
            let [heard, mean, max] = self.speeds.figures();
            self.emit(&[(HEARD, &heard), (MEAN, &mean), (MAX, &max)]);
            let depth = own(DEPTH, 64).unwrap_or_default();
            if let Some(notification) = self.speeds.alarm(Json::read(&depth)) {
                self.notify(&notification);
            }
        }
    }

    /// `"heard":…,"mean":…,"max":…`
    fn figures(&self) -> String {
        let [heard, mean, max] = self.speeds.figures();
        format!(r#""heard":{},"mean":{},"max":{}"#, heard, mean, max)
    }

    fn place(&self, asked: Json) -> Option<&str> {
        let id = read_id(asked.get("id")?)?;
        Json::read(self.kept.places.as_bytes())?.get(&id).map(Json::text)
    }

    /// Puts a place at the end of all places, or takes it away.
    fn change(&mut self, id: &str, place: Option<Json>) -> Result<(), &'static str> {
        let places = Json::read(self.kept.places.as_bytes());
        let others = places.into_iter().flat_map(Json::members);
        let others = others.filter(|(name, _)| name.string().as_deref() != Some(id));
        let others = others.map(|(name, value)| format!("{}:{}", name.text(), value.text()));
        let fresh = place.map(|place| format!(r#""{}":{}"#, id, place.text()));
        let mut places = String::from("{");
        for member in others.chain(fresh) {
            places += if places.len() > 1 { "," } else { "" };
            places += &member;
        }
        places += "}";
        let fresh = Kept { places, ..self.kept };
        if place.is_some() && fresh.text().len() > FILE_BYTES_AT_MOST {
            return Err("There is no room for it");
        }
        if !self.keep(&fresh) {
            return Err(FILE_ERROR);
        }
        self.kept = fresh;
        Ok(())
    }

    fn asked_change(&mut self, asked: &[u8], put: bool) -> Result<(), &'static str> {
        let asked = of_places(asked).ok_or("There are only places")?;
        let id = asked.get("id").and_then(read_id);
        let id = id.ok_or("An id is made of letters, digits, - and _, at most 64")?;
        let place = asked.get("value").filter(|place| put && place.is_object());
        if put && place.is_none() {
            return Err("A place is an object");
        }
        self.change(&id, place)
    }
}

/// A request for resources, if it is for places.
fn of_places(asked: &[u8]) -> Option<Json> {
    Json::read(asked).filter(|asked| asked.get("resourceType").and_then(Json::string).as_deref() == Some(KIND))
}

// ---- What it is -----------------------------------------------------------------------------------------------------

#[no_mangle]
pub unsafe extern "C" fn plugin_id(out: *mut u8, room: usize) -> usize {
    hand_out("twin-rust", out, room)
}

#[no_mangle]
pub unsafe extern "C" fn plugin_name(out: *mut u8, room: usize) -> usize {
    hand_out("Twin (Rust)", out, room)
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
    match twin().start(received(config, length)) {
        Ok(()) => 0,
        Err(message) => {
            set_error(message);
            1
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn delta_handler(delta: *const u8, length: usize) {
    if let Some(delta) = Json::read(received(delta, length)) {
        twin().hear(delta);
    }
}

/// Called once a second.
#[no_mangle]
pub extern "C" fn poll() -> i32 {
    let mut twin = twin();
    twin.seconds += 1;
    if twin.seconds >= twin.speeds.every {
        twin.seconds = 0;
        if twin.speeds.heard != twin.reported {
            twin.reported = twin.speeds.heard;
            twin.emit(&[("plugins.twin.report", &format!("{{{}}}", twin.figures()))]);
        }
    }
    0
}

/// 0 means that the plugin has stopped.
#[no_mangle]
pub extern "C" fn plugin_stop() -> i32 {
    let mut twin = twin();
    if twin.speeds.alarmed {
        twin.speeds.alarmed = false;
        twin.notify("null");
    }
    set_status("Stopped");
    0
}

// ---- What it is asked to do -----------------------------------------------------------------------------------------

#[no_mangle]
pub unsafe extern "C" fn handle_put_vessels_self_plugins_twin_limit(
    value: *const u8,
    length: usize,
    out: *mut u8,
    room: usize,
) -> usize {
    let mut twin = twin();
    let limit = match Json::read(received(value, length)).and_then(read_limit) {
        Some(limit) => limit,
        None => {
            let message = "The limit is a number from 0 to 1000";
            let answer = format!(r#"{{"state":"COMPLETED","statusCode":400,"message":"{}"}}"#, message);
            return hand_out(&answer, out, room);
        }
    };
    twin.speeds.limit = limit;
    let limit = from_thousandths(limit);
    twin.emit(&[(LIMIT, &limit)]);
    let Speeds { every, notify, .. } = twin.speeds;
    save_config(&format!(r#"{{"limit":{},"every":{},"notify":{}}}"#, limit, every, notify));
    hand_out(r#"{"state":"COMPLETED","statusCode":200}"#, out, room)
}

/// Answers an HTTP request with JSON.
unsafe fn answer(status: u16, body: &str, out: *mut u8, room: usize) -> usize {
    let headers = r#"{"Content-Type":"application/json"}"#;
    let answer = format!(r#"{{"statusCode":{},"headers":{},"body":{}}}"#, status, headers, body);
    hand_out(&answer, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn http_get_state(_: *const u8, _: usize, out: *mut u8, room: usize) -> usize {
    let twin = twin();
    let limit = from_thousandths(twin.speeds.limit);
    let (starts, figures, alarm) = (twin.kept.starts, twin.figures(), twin.speeds.alarmed);
    let body = format!(r#"{{"starts":{},"limit":{},{},"alarm":{}}}"#, starts, limit, figures, alarm);
    answer(200, &body, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn http_get_place(asked: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    let params = Json::read(received(asked, length)).and_then(|asked| asked.get("params"));
    match params.and_then(|params| twin().place(params).map(String::from)) {
        Some(place) => answer(200, &place, out, room),
        None => answer(404, r#"{"error":"There is no such place"}"#, out, room),
    }
}

#[no_mangle]
pub unsafe extern "C" fn http_post_reset(_: *const u8, _: usize, out: *mut u8, room: usize) -> usize {
    let mut twin = twin();
    let Speeds { limit, every, notify, alarmed, .. } = twin.speeds;
    twin.speeds = Speeds { limit, every, notify, alarmed, ..Speeds::NONE };
    twin.reported = 0;
    answer(200, r#"{"heard":0}"#, out, room)
}

#[no_mangle]
pub unsafe extern "C" fn resources_list_resources(asked: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    match of_places(received(asked, length)) {
        Some(_) => hand_out(&twin().kept.places, out, room),
        None => hand_out("{}", out, room),
    }
}

#[no_mangle]
pub unsafe extern "C" fn resources_get_resource(asked: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    let twin = twin();
    let place = of_places(received(asked, length)).and_then(|asked| twin.place(asked));
    hand_out(place.unwrap_or("{}"), out, room)
}

#[no_mangle]
pub unsafe extern "C" fn resources_set_resource(asked: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    let result = twin().asked_change(received(asked, length), true);
    hand_out(result.err().unwrap_or(""), out, room)
}

#[no_mangle]
pub unsafe extern "C" fn resources_delete_resource(asked: *const u8, length: usize, out: *mut u8, room: usize) -> usize {
    let result = twin().asked_change(received(asked, length), false);
    hand_out(result.err().unwrap_or(""), out, room)
}
