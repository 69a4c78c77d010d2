//! A Signal K plugin that is a WebAssembly component, in Rust with its standard library and nothing else: no crates, no
//! generated code.
//!
//! It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
//! ground with a delta that says how many it has heard.

mod canonical;
mod files;
mod signalk;

use canonical::{lend, take_back, List, Outcome, Text, Update};
use files::{read_file, write_file};
use signalk::{emit, set_error, set_status};
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

// ---- Looking into JSON ----------------------------------------------------------------------------------------------

fn skip_space(text: &[u8]) -> &[u8] {
    let space = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\n' | b'\r');
    &text[text.iter().take_while(space).count()..]
}

/// What comes after `prefix`, if the text begins with it.
fn after<'a>(text: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    text.starts_with(prefix.as_bytes()).then(|| &text[prefix.len()..])
}

/// Whether some object in the JSON text has a member of this name and value, both given as JSON. It needs no parser:
/// quotes inside of JSON strings are escaped, so the name in its quotes, followed by a colon, is always a name.
fn has_member(text: &[u8], name: &str, value: &str) -> bool {
    (0..text.len()).any(|at| {
        after(&text[at..], name)
            .and_then(|rest| after(skip_space(rest), ":"))
            .and_then(|rest| after(skip_space(rest), value))
            .is_some()
    })
}

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
