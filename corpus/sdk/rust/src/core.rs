//! What a server offers to a core module, as safe Rust.

use crate::env;

/// A line for the log, kept only while debugging is switched on for the plugin.
pub fn debug(text: &str) {
    unsafe { env::sk_debug(text.as_ptr(), text.len()) }
}

/// The state of the plugin, for the server's administration pages.
pub fn set_status(text: &str) {
    unsafe { env::sk_set_status(text.as_ptr(), text.len()) }
}

/// What is wrong with the plugin, shown in the same place.
pub fn set_error(text: &str) {
    unsafe { env::sk_set_error(text.as_ptr(), text.len()) }
}

/// Whether the server granted a capability, such as `dataWrite`, to this plugin.
pub fn has_capability(name: &str) -> bool {
    unsafe { env::sk_has_capability(name.as_ptr(), name.len()) == 1 }
}

/// Emits a delta, which is JSON, of data model 1.
pub fn handle_message(delta: &str) {
    unsafe { env::sk_handle_message(delta.as_ptr(), delta.len(), 1) }
}

#[allow(clashing_extern_declarations)] // a server gives it to a plugin in either form
#[link(wasm_import_module = "env")]
extern "C" {
    #[link_name = "sk_handle_message"]
    fn sk_handle_message_of_two(delta: *const u8, length: usize);
}

/// The same by the import of two parameters, which leaves the data model unsaid: it is 1.
pub fn handle_message_of_two(delta: &str) {
    unsafe { sk_handle_message_of_two(delta.as_ptr(), delta.len()) }
}

/// Emits values of the own vessel, each a path and JSON.
pub fn emit(values: &[(&str, &str)]) {
    handle_message(&delta(values))
}

/// A delta with values of the own vessel, each a path and JSON. The server fills in the source, which is always the
/// plugin, and the time.
pub fn delta(values: &[(&str, &str)]) -> String {
    let mut delta = String::from(r#"{"context":"vessels.self","updates":[{"values":["#);
    for (number, (path, value)) in values.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        delta += &format!(r#"{}{{"path":"{}","value":{}}}"#, comma, path, value);
    }
    delta += "]}]}";
    delta
}

/// Publishes a notification, which is JSON; `null` clears it. Tells whether the server took it.
pub fn notify(path: &str, value: &str) -> bool {
    unsafe { env::sk_publish_notification(path.as_ptr(), path.len(), value.as_ptr(), value.len()) == 0 }
}

/// What the data model holds at a path of the own vessel, as JSON; none where it takes more than `room` bytes.
pub fn own(path: &str, room: usize) -> Option<Vec<u8>> {
    taken(room, |out, room| unsafe { env::sk_get_self_path(path.as_ptr(), path.len(), out, room) })
}

/// The same, from the root of the data model.
pub fn path(path: &str, room: usize) -> Option<Vec<u8>> {
    taken(room, |out, room| unsafe { env::sk_get_path(path.as_ptr(), path.len(), out, room) })
}

/// The saved configuration, `{}` where there is none; none where it takes more than `room` bytes.
pub fn read_config(room: usize) -> Option<Vec<u8>> {
    taken(room, |out, room| unsafe { env::sk_read_config(out, room) })
}

/// Saves a configuration, which is a JSON object. Tells whether the server took it.
pub fn save_config(config: &str) -> bool {
    unsafe { env::sk_save_config(config.as_ptr(), config.len()) == 0 }
}

fn taken(room: usize, from: impl FnOnce(*mut u8, usize) -> i32) -> Option<Vec<u8>> {
    let mut bytes = vec![0; room];
    let size = usize::try_from(from(bytes.as_mut_ptr(), room)).ok()?;
    bytes.truncate(size);
    Some(bytes).filter(|_| (1..=room).contains(&size))
}

/// Asks for the PUT requests to a path of the own vessel. The plugin exports `handle_put_vessels_self_{path}`, each dot an
/// underscore. Tells whether the server will pass them on.
pub fn take_puts(path: &str) -> bool {
    let context = "vessels.self";
    unsafe { env::sk_register_put_handler(context.as_ptr(), context.len(), path.as_ptr(), path.len()) == 1 }
}

/// Asks for the requests for a type of resources. Tells whether the server will pass them on.
pub fn provide_resources(kind: &str) -> bool {
    unsafe { env::sk_register_resource_provider(kind.as_ptr(), kind.len()) == 1 }
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

/// What a core module exports besides its own functions: memory for the server's texts, and `_initialize`.
#[macro_export]
macro_rules! core_exports {
    () => {
        /// Even a text of no bytes has an address.
        fn signalk_layout(size: usize) -> Option<std::alloc::Layout> {
            std::alloc::Layout::from_size_align(size.max(1), 8).ok()
        }

        /// Memory for a text of the server; null where there is none left.
        #[no_mangle]
        pub extern "C" fn allocate(size: usize) -> *mut u8 {
            signalk_layout(size).map_or(std::ptr::null_mut(), |layout| unsafe { std::alloc::alloc(layout) })
        }

        /// Takes back what `allocate` gave for the same size.
        ///
        /// # Safety
        /// `memory` comes from `allocate(size)`.
        #[no_mangle]
        pub unsafe extern "C" fn deallocate(memory: *mut u8, size: usize) {
            if let (false, Some(layout)) = (memory.is_null(), signalk_layout(size)) {
                std::alloc::dealloc(memory, layout);
            }
        }

        extern "C" {
            /// Made by the linker: prepares the C library below `std`, which finds the plugin's directory.
            fn __wasm_call_ctors();
        }

        /// The server calls this once, before anything else. (Some servers call it twice, hence the guard.)
        ///
        /// Without it the linker wraps every export in a call of the constructors: each call then takes its bit of memory,
        /// and a plugin that hears ten deltas a second fills the server in a few days.
        #[no_mangle]
        pub unsafe extern "C" fn _initialize() {
            static DONE: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
            if !DONE.swap(true, std::sync::atomic::Ordering::Relaxed) {
                __wasm_call_ctors();
            }
        }
    };
}
