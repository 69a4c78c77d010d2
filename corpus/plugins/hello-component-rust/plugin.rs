//! A Signal K plugin that is a WebAssembly component, in Rust with its standard library and the bindings of
//! `corpus/sdk`: no other crates, no generated code.
//!
//! It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
//! ground with a delta that says how many it has heard.

use signalk_plugin::component::{emit, set_error, set_status, Update};
use signalk_plugin::component_files::{read_file, write_file};
use signalk_plugin::json::{has_member, skip_space};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

const ID: &str = "hello-component-rust";
const NAME: &str = "Hello Component Rust";
const SCHEMA: &str = concat!(
    r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"#,
    r#""answer":{"type":"boolean","title":"Answer deltas","default":true}}}"#
);

/// What is in the directory `data` stays from run to run.
const COUNTER_FILE: &str = "data/starts.txt";
const COUNTER_DIGITS: usize = 9;

/// Whether deltas are answered: while the plugin runs, if the configuration allows it.
static ANSWERING: AtomicBool = AtomicBool::new(false);
static HEARD: AtomicU32 = AtomicU32::new(0);

// ---- The count of starts --------------------------------------------------------------------------------------------

/// The number in the file. No file, or anything else in it, counts as 0.
fn read_counter() -> u32 {
    read_file(COUNTER_FILE, 32)
        .and_then(|bytes| parse_counter(&bytes))
        .unwrap_or(0)
}

fn parse_counter(bytes: &[u8]) -> Option<u32> {
    let text = skip_space(bytes);
    let size = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(size);
    let plain = size <= COUNTER_DIGITS && skip_space(rest).is_empty();
    plain.then(|| {
        digits
            .iter()
            .fold(0, |number, digit| 10 * number + u32::from(digit - b'0'))
    })
}

// ---- The plugin -----------------------------------------------------------------------------------------------------

fn start(config: &[u8]) -> Result<(), &'static str> {
    HEARD.store(0, Relaxed);
    ANSWERING.store(false, Relaxed);
    if !skip_space(config).starts_with(b"{") {
        return Err("The configuration is not a JSON object");
    }
    ANSWERING.store(!has_member(config, r#""answer""#, "false"), Relaxed);

    let starts = format!("{}", read_counter() + 1);
    let kept = write_file(COUNTER_FILE, &starts);
    if !kept {
        set_error("Cannot keep the count of starts in /data/starts.txt");
    }
    let language = r#""Rust component""#;
    emit(
        ID,
        &[("plugins.hello.starts", &starts), ("plugins.hello.language", language)],
    );
    if kept {
        set_status(&format!("Started, run {}", starts));
    }
    Ok(())
}

fn stop() {
    ANSWERING.store(false, Relaxed);
    HEARD.store(0, Relaxed);
    set_status("Stopped");
}

fn hear(updates: &[Update]) {
    let speed = b"navigation.speedOverGround";
    let mut values = updates.iter().flat_map(|update| update.values.iter());
    if ANSWERING.load(Relaxed) && values.any(|value| *value.path == *speed) {
        let heard = HEARD.fetch_add(1, Relaxed) + 1;
        emit(ID, &[("plugins.hello.heard", &format!("{}", heard))]);
    }
}

signalk_plugin::component_exports! {
    id: ID,
    name: NAME,
    schema: SCHEMA,
    start: start,
    stop: stop,
    hear: hear,
}
