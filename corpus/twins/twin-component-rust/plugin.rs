//! The twin in Rust, as a component: no generated code. What it does is in ../SPEC.md; what it shares with the core module
//! is in `twin`.

#[allow(dead_code)] // the core module uses more of it
#[path = "common/twin.rs"]
mod twin;

use signalk_plugin::component::{
    emit, lend, own, set_error, set_status, take_back, List, OptionText, Outcome, Text, Update,
};
use signalk_plugin::component_files::{read_file, write_file};
use signalk_plugin::json::{from_thousandths, Json};
use std::cell::{RefCell, RefMut};
use twin::{Kept, Speeds, ALARM, DEPTH, FILE_ERROR, HEARD, LIMIT, MAX, MEAN, SCHEMA, SPEED, STARTS};

signalk_plugin::component_exports!();

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

// ---- What the server calls ------------------------------------------------------------------------------------------

/// result<_, string>
type Answer = Outcome<(), Text>;

#[export_name = "signalk:plugin-api/plugin-interface@1.0.0#id"]
pub extern "C" fn plugin_id() -> *mut Text {
    lend(ID.into())
}

#[export_name = "signalk:plugin-api/plugin-interface@1.0.0#name"]
pub extern "C" fn plugin_name() -> *mut Text {
    lend(NAME.into())
}

#[export_name = "signalk:plugin-api/plugin-interface@1.0.0#schema"]
pub extern "C" fn plugin_schema() -> *mut Text {
    lend(SCHEMA.into())
}

#[export_name = "signalk:plugin-api/plugin-interface@1.0.0#start"]
pub unsafe extern "C" fn plugin_start(config: *mut u8, length: usize) -> *mut Answer {
    let config = Text::received(config, length);
    lend(match start(&config) {
        Ok(()) => Outcome::Done(()),
        Err(message) => {
            set_error(message);
            Outcome::Failed(message.into())
        }
    })
}

#[export_name = "signalk:plugin-api/plugin-interface@1.0.0#stop"]
pub extern "C" fn plugin_stop() -> *mut Answer {
    stop();
    lend(Outcome::Done(()))
}

#[export_name = "signalk:plugin-api/delta-handler@1.0.0#on-delta"]
pub unsafe extern "C" fn on_delta(context: *mut u8, context_length: usize, updates: *mut Update, update_count: usize) {
    drop(Text::received(context, context_length));
    hear(&List::received(updates, update_count));
}

/// The interface has this function too, in the other direction. No server calls it.
#[export_name = "signalk:plugin-api/delta-handler@1.0.0#handle-message"]
pub unsafe extern "C" fn unused_handle_message(
    plugin_id: *mut u8,
    id_length: usize,
    context: *mut u8,
    context_length: usize,
    updates: *mut Update,
    update_count: usize,
) {
    drop(Text::received(plugin_id, id_length));
    drop(Text::received(context, context_length));
    drop(List::received(updates, update_count));
}

// What was returned by address is taken back when the server has read it.

#[export_name = "cabi_post_signalk:plugin-api/plugin-interface@1.0.0#id"]
pub unsafe extern "C" fn after_id(returned: *mut Text) {
    take_back(returned);
}

#[export_name = "cabi_post_signalk:plugin-api/plugin-interface@1.0.0#name"]
pub unsafe extern "C" fn after_name(returned: *mut Text) {
    take_back(returned);
}

#[export_name = "cabi_post_signalk:plugin-api/plugin-interface@1.0.0#schema"]
pub unsafe extern "C" fn after_schema(returned: *mut Text) {
    take_back(returned);
}

#[export_name = "cabi_post_signalk:plugin-api/plugin-interface@1.0.0#start"]
pub unsafe extern "C" fn after_start(returned: *mut Answer) {
    take_back(returned);
}

#[export_name = "cabi_post_signalk:plugin-api/plugin-interface@1.0.0#stop"]
pub unsafe extern "C" fn after_stop(returned: *mut Answer) {
    take_back(returned);
}
