//! The twin in Rust, as a component: no generated code. What it does is in ../SPEC.md; what it shares with the core module
//! is in `twin`.

#[allow(dead_code)] // the core module uses more of it
#[path = "common/twin.rs"]
mod twin;

use signalk_plugin::component::{emit, own, set_error, set_status, OptionText, Update};
use signalk_plugin::component_files::{read_file, write_file};
use signalk_plugin::json::{from_thousandths, Json};
use std::cell::{RefCell, RefMut};
use twin::{Kept, Speeds, ALARM, DEPTH, FILE_ERROR, HEARD, LIMIT, MAX, MEAN, SCHEMA, SPEED, STARTS};

const ID: &str = "twin-component-rust";
const NAME: &str = "Twin (Rust component)";
const FILE: &str = "data/twin.json";

/// A file of one byte more is told apart from one that may be read.
const FILE_BYTES: u64 = 8193;

struct Shared(RefCell<Speeds>);

// There is one thread.
unsafe impl Sync for Shared {}

static SPEEDS: Shared = Shared(RefCell::new(Speeds::NONE));

/// What was heard. The server never calls the plugin while the plugin calls the server.
fn speeds() -> RefMut<'static, Speeds> {
    SPEEDS.0.borrow_mut()
}

fn start(config: &[u8]) -> Result<(), &'static str> {
    let fresh = Speeds::configured(config)?;
    *speeds() = fresh;
    let mut kept = Kept::read(&read_file(FILE, FILE_BYTES).unwrap_or_default());
    kept.starts += 1;
    let healthy = write_file(FILE, &kept.text());
    if !healthy {
        set_error(FILE_ERROR);
    }
    let starts = format!("{}", kept.starts);
    emit(ID, &[(STARTS, &starts), (LIMIT, &from_thousandths(fresh.limit))]);
    if healthy {
        set_status(&format!("Started, run {}", starts));
    }
    Ok(())
}

fn hear(updates: &[Update]) {
    let mut speeds = speeds();
    let mut heard = false;
    for value in updates.iter().flat_map(|update| update.values.iter()) {
        if *value.path == *SPEED.as_bytes() {
            heard |= Json::read(&value.value).map_or(false, |speed| speeds.hear(speed));
        }
    }
    if !heard {
        return;
    }
    let [heard, mean, max] = speeds.figures();
    emit(ID, &[(HEARD, &heard), (MEAN, &mean), (MAX, &max)]);
    let depth = own(DEPTH);
    let depth = match &depth {
        OptionText::Some(text) => Json::read(text),
        OptionText::None => None,
    };
    if let Some(notification) = speeds.alarm(depth) {
        emit(ID, &[(ALARM, &notification)]);
    }
}

fn stop() {
    let mut speeds = speeds();
    if speeds.alarmed {
        speeds.alarmed = false;
        emit(ID, &[(ALARM, "null")]);
    }
    set_status("Stopped");
}

signalk_plugin::component_exports! {
    id: ID,
    name: NAME,
    schema: SCHEMA,
    start: start,
    stop: stop,
    hear: hear,
}
