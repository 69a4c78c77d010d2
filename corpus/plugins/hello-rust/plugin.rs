//! A Signal K plugin in Rust.
//!
//! It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
//! ground with a delta that says how many it has heard.

use signalk_plugin::core::{
    delta, hand_out, handle_message_of_two, has_capability, received, set_error, set_status,
};
use signalk_plugin::json::{has_member, skip_space};
use std::fs::{self, File};
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

signalk_plugin::core_exports!();

const ID: &str = "hello-rust";
const NAME: &str = "Hello Rust";
const SCHEMA: &str = concat!(
    r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#,
    r#""answer":{"type":"boolean","title":"Answer deltas","default":true}}}"#
);

/// The server gives the plugin a directory of its own as `/`. What is in `/data` stays from run to run.
const COUNTER_FILE: &str = "/data/starts.txt";
const COUNTER_DIGITS: usize = 9;

/// Whether deltas are answered: while the plugin runs, if the configuration and the server allow it.
static ANSWERING: AtomicBool = AtomicBool::new(false);
static HEARD: AtomicU32 = AtomicU32::new(0);

// ---- The count of starts --------------------------------------------------------------------------------------------

/// The number in the file. No file, or anything else in it, counts as 0.
fn read_counter() -> u32 {
    let mut bytes = [0; 32];
    let size = File::open(COUNTER_FILE)
        .and_then(|mut file| file.read(&mut bytes))
        .unwrap_or(0);
    std::str::from_utf8(&bytes[..size])
        .ok()
        .and_then(parse_counter)
        .unwrap_or(0)
}

fn parse_counter(text: &str) -> Option<u32> {
    let digits = text.trim();
    let plain = digits.len() <= COUNTER_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

// ---- The plugin -----------------------------------------------------------------------------------------------------

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

/// 0 means that the plugin runs.
#[no_mangle]
pub unsafe extern "C" fn plugin_start(config: *const u8, length: usize) -> i32 {
    match start(received(config, length)) {
        Ok(()) => 0,
        Err(message) => {
            set_error(message);
            1
        }
    }
}

fn emit(values: &[(&str, &str)]) {
    handle_message_of_two(&delta(values));
}

fn start(config: &[u8]) -> Result<(), &'static str> {
    HEARD.store(0, Relaxed);
    ANSWERING.store(false, Relaxed);
    if !skip_space(config).starts_with(b"{") {
        return Err("The configuration is not a JSON object");
    }

    let may_emit = has_capability("dataWrite");
    if !may_emit {
        set_error("The capability dataWrite is missing: nothing will be emitted");
    }
    ANSWERING.store(may_emit && !has_member(config, r#""answer""#, "false"), Relaxed);

    let starts = read_counter() + 1;
    let kept = fs::write(COUNTER_FILE, format!("{}", starts)).is_ok();
    if !kept {
        set_error("Cannot keep the count of starts in /data/starts.txt");
    }

    if may_emit {
        let language = r#""Rust""#;
        emit(&[("plugins.hello.starts", &format!("{}", starts)), ("plugins.hello.language", language)]);
    }
    if may_emit && kept {
        set_status(&format!("Started, run {}", starts));
    }
    Ok(())
}

#[no_mangle]
pub unsafe extern "C" fn delta_handler(delta: *const u8, length: usize) {
    let delta = received(delta, length);
    if ANSWERING.load(Relaxed) && has_member(delta, r#""path""#, r#""navigation.speedOverGround""#) {
        let heard = HEARD.fetch_add(1, Relaxed) + 1;
        emit(&[("plugins.hello.heard", &format!("{}", heard))]);
    }
}

/// 0 means that the plugin has stopped.
#[no_mangle]
pub extern "C" fn plugin_stop() -> i32 {
    ANSWERING.store(false, Relaxed);
    HEARD.store(0, Relaxed);
    set_status("Stopped");
    0
}
