//! What a Signal K server offers to a core WebAssembly plugin, as far as this plugin uses it, as safe Rust.
//!
//! Texts cross the boundary as a pointer into the plugin's memory and a count of bytes of UTF-8.

use std::alloc::{alloc, dealloc, Layout};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

mod host {
    #[link(wasm_import_module = "env")]
    extern "C" {
        pub fn sk_set_status(text: *const u8, length: usize);
        pub fn sk_set_error(text: *const u8, length: usize);
        pub fn sk_handle_message(delta: *const u8, length: usize);
        pub fn sk_publish_notification(path: *const u8, length: usize, value: *const u8, value_length: usize) -> i32;
        pub fn sk_get_self_path(path: *const u8, length: usize, out: *mut u8, room: usize) -> i32;
        pub fn sk_register_put_handler(
            context: *const u8,
            context_length: usize,
            path: *const u8,
            path_length: usize,
        ) -> i32;
    }
}

/// The state of the plugin, for the server's administration pages.
pub fn set_status(text: &str) {
    unsafe { host::sk_set_status(text.as_ptr(), text.len()) }
}

/// What is wrong with the plugin, shown in the same place.
pub fn set_error(text: &str) {
    unsafe { host::sk_set_error(text.as_ptr(), text.len()) }
}

/// Emits values of the own vessel, each a path and JSON. The server fills in the source, which is always the plugin,
/// and the time.
pub fn emit(values: &[(&str, &str)]) {
    let mut delta = String::from(r#"{"context":"vessels.self","updates":[{"values":["#);
    for (number, (path, value)) in values.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        delta += &format!(r#"{}{{"path":"{}","value":{}}}"#, comma, path, value);
    }
    delta += "]}]}";
    unsafe { host::sk_handle_message(delta.as_ptr(), delta.len()) }
}

/// Publishes a notification, which is JSON; `null` clears it. Tells whether the server took it: it does not without
/// the capability `dataWrite`.
pub fn notify(path: &str, value: &str) -> bool {
    unsafe { host::sk_publish_notification(path.as_ptr(), path.len(), value.as_ptr(), value.len()) == 0 }
}

/// What the data model holds at a path of the own vessel, as JSON; nothing where it takes more than 1024 bytes.
pub fn own(path: &str) -> Option<Vec<u8>> {
    let mut room = vec![0; 1024];
    let size = unsafe { host::sk_get_self_path(path.as_ptr(), path.len(), room.as_mut_ptr(), room.len()) };
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=room.len()).contains(size))?;
    room.truncate(size);
    Some(room)
}

/// Asks for the PUT requests to a path of the own vessel. Tells whether the server will pass them on: it does not
/// without the capability `putHandlers`.
pub fn take_puts(path: &str) -> bool {
    let context = "vessels.self";
    unsafe { host::sk_register_put_handler(context.as_ptr(), context.len(), path.as_ptr(), path.len()) == 1 }
}

/// The text that the server put at `text`. The server owes UTF-8, but a plugin need not rely on it.
///
/// # Safety
/// `text` points at `length` bytes that stay as they are while the slice is in use.
pub unsafe fn received<'a>(text: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    std::slice::from_raw_parts(text, length)
}

/// Hands a text to the server, which offers room for `room` bytes at `out`. The result is the length of the text. A
/// text that does not fit is not written at all; the server sees this from the length.
///
/// # Safety
/// `room` bytes at `out` may be written.
pub unsafe fn hand_out(text: &str, out: *mut u8, room: usize) -> usize {
    if text.len() <= room {
        out.copy_from_nonoverlapping(text.as_ptr(), text.len());
    }
    text.len()
}

/// Even a text of no bytes has an address.
fn layout(size: usize) -> Option<Layout> {
    Layout::from_size_align(size.max(1), 8).ok()
}

/// Memory for a text of the server; null where there is none left.
#[no_mangle]
pub extern "C" fn allocate(size: usize) -> *mut u8 {
    layout(size).map_or(std::ptr::null_mut(), |layout| unsafe { alloc(layout) })
}

/// Takes back what `allocate` gave for the same size.
///
/// # Safety
/// `memory` comes from `allocate(size)`.
#[no_mangle]
pub unsafe extern "C" fn deallocate(memory: *mut u8, size: usize) {
    if let (false, Some(layout)) = (memory.is_null(), layout(size)) {
        dealloc(memory, layout);
    }
}

extern "C" {
    /// Made by the linker: prepares the C library below `std`.
    fn __wasm_call_ctors();
}

/// The server calls this once, before anything else. (Some servers call it twice, hence the guard.)
///
/// Without it the linker wraps every export in a call of the constructors.
#[no_mangle]
pub unsafe extern "C" fn _initialize() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.swap(true, Relaxed) {
        __wasm_call_ctors();
    }
}
