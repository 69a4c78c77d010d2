//! What a server offers to a component, as safe Rust: the WIT package `signalk:plugin-api` 1.0, as the canonical ABI lays
//! its types out in memory.
//!
//! `#[repr(C)]` lays out a struct as the ABI lays out a record or a tuple, and `#[repr(C, u8)]` an enum as it lays out
//! a variant: a tag of one byte and, at the next place that is aligned for every case, what the case carries. So a
//! value of these types is passed by its address, and what the host writes is read as it stands.
//!
//! What the host passes in lies in blocks that it got from `cabi_realloc`, and belongs to the plugin from then on.

use std::alloc::{alloc, handle_alloc_error, realloc, Layout};
use std::mem::{self, MaybeUninit};
use std::ops::Deref;
use std::ptr::NonNull;
use std::slice;

/// list<T>
#[repr(C)]
pub struct List<T> {
    items: NonNull<T>,
    count: usize,
}

/// string: a list of the bytes of UTF-8
pub type Text = List<u8>;

impl<T> List<T> {
    /// The list that an export got as two parameters.
    ///
    /// # Safety
    /// The host passed them, and nobody else owns them.
    pub unsafe fn received(items: *mut T, count: usize) -> Self {
        List {
            items: NonNull::new(items).unwrap_or_else(NonNull::dangling),
            count,
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        unsafe { slice::from_raw_parts(self.items.as_ptr(), self.count) }
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        drop(unsafe { Vec::from_raw_parts(self.items.as_ptr(), self.count, self.count) });
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        let whole = Box::leak(items.into_boxed_slice());
        List {
            count: whole.len(),
            items: NonNull::from(whole).cast(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

/// option<string>
#[repr(C, u8)]
pub enum OptionText {
    None,
    Some(Text),
}

/// result<T, E>
#[repr(C, u8)]
pub enum Outcome<T, E> {
    Done(T),
    Failed(E),
}

/// What an import writes to the address that is its last parameter.
///
/// # Safety
/// `import` writes a whole `T` there.
pub unsafe fn result_of<T>(import: impl FnOnce(*mut T)) -> T {
    let mut room = MaybeUninit::uninit();
    import(room.as_mut_ptr());
    room.assume_init()
}

/// The address of what an export returns. `take_back` is called with it when the host has read it.
pub fn lend<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// # Safety
/// The address comes from `lend`, once.
pub unsafe fn take_back<T>(address: *mut T) {
    drop(Box::from_raw(address));
}

/// result<_, string>
pub type Answer = Outcome<(), Text>;

/// All that a component of the world `plugin-with-deltas` exports: `id`, `name` and `schema`, which are texts; `start`, a
/// function that takes the configuration and returns what is wrong with it, which becomes the plugin's error too; `stop`;
/// `hear`, a function that takes the updates of a delta; and memory for what the host passes in.
#[macro_export]
macro_rules! component_exports {
    (id: $id:expr, name: $name:expr, schema: $schema:expr, start: $start:path, stop: $stop:path, hear: $hear:path $(,)?) => {
        const _: () = {
            use $crate::component::{lend, reallocate, started, take_back, Answer, List, Outcome, Text, Update};

            /// # Safety
            /// As `signalk_plugin::component::reallocate`.
            #[no_mangle]
            pub unsafe extern "C" fn cabi_realloc(
                old: *mut u8,
                old_size: usize,
                alignment: usize,
                size: usize,
            ) -> *mut u8 {
                reallocate(old, old_size, alignment, size)
            }

            #[export_name = "signalk:plugin-api/plugin-interface@1.0.0#id"]
            pub extern "C" fn plugin_id() -> *mut Text {
                lend($id.into())
            }

            #[export_name = "signalk:plugin-api/plugin-interface@1.0.0#name"]
            pub extern "C" fn plugin_name() -> *mut Text {
                lend($name.into())
            }

            #[export_name = "signalk:plugin-api/plugin-interface@1.0.0#schema"]
            pub extern "C" fn plugin_schema() -> *mut Text {
                lend($schema.into())
            }

            #[export_name = "signalk:plugin-api/plugin-interface@1.0.0#start"]
            pub unsafe extern "C" fn plugin_start(config: *mut u8, length: usize) -> *mut Answer {
                lend(started(config, length, $start))
            }

            #[export_name = "signalk:plugin-api/plugin-interface@1.0.0#stop"]
            pub extern "C" fn plugin_stop() -> *mut Answer {
                $stop();
                lend(Outcome::Done(()))
            }

            #[export_name = "signalk:plugin-api/delta-handler@1.0.0#on-delta"]
            pub unsafe extern "C" fn on_delta(
                context: *mut u8,
                context_length: usize,
                updates: *mut Update,
                update_count: usize,
            ) {
                drop(Text::received(context, context_length));
                $hear(&List::received(updates, update_count));
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
        };
    };
}

/// What an export `start` returns.
///
/// # Safety
/// The host passed the configuration, and nobody else owns it.
pub unsafe fn started(config: *mut u8, length: usize, start: fn(&[u8]) -> Result<(), &'static str>) -> Answer {
    match start(&Text::received(config, length)) {
        Ok(()) => Outcome::Done(()),
        Err(message) => {
            set_error(message);
            Outcome::Failed(message.into())
        }
    }
}

/// Where the host puts what it passes in. There is no way to refuse but to trap.
///
/// # Safety
/// `old` is null, or comes from this function with the same alignment and `old_size`.
pub unsafe fn reallocate(old: *mut u8, old_size: usize, alignment: usize, size: usize) -> *mut u8 {
    if size == 0 {
        return alignment as *mut u8; // nothing is ever written there, and nothing is freed
    }
    let block = if old_size == 0 {
        alloc(Layout::from_size_align_unchecked(size, alignment))
    } else {
        realloc(old, Layout::from_size_align_unchecked(old_size, alignment), size)
    };
    if block.is_null() {
        handle_alloc_error(Layout::from_size_align_unchecked(size, alignment));
    }
    block
}

// ---- signalk:plugin-api/delta-handler -------------------------------------------------------------------------------

#[repr(C)]
pub struct SourceRef {
    pub label: Text,
    pub kind: OptionText, // `type` in the WIT
}

#[repr(C)]
pub struct PathValue {
    pub path: Text,
    pub value: Text, // JSON
}

#[repr(C)]
pub struct Update {
    pub source: SourceRef,
    pub timestamp: Text,
    pub values: List<PathValue>,
}

const _: () = assert!(mem::size_of::<Update>() == 36, "the layout of a record update");

// ---- What the server offers ------------------------------------------------------------------------------------------

#[link(wasm_import_module = "signalk:plugin-api/plugin-status@1.0.0")]
extern "C" {
    #[link_name = "set-plugin-status"]
    fn set_plugin_status(message: *const u8, length: usize);

    #[link_name = "set-plugin-error"]
    fn set_plugin_error(message: *const u8, length: usize);

    #[link_name = "debug"]
    fn log_debug(message: *const u8, length: usize);

    #[link_name = "error"]
    fn log_error(message: *const u8, length: usize);
}

#[allow(improper_ctypes)] // `()` takes no room, in the ABI as in Rust
#[link(wasm_import_module = "signalk:plugin-api/plugin-config@1.0.0")]
extern "C" {
    #[link_name = "read-plugin-options"]
    fn read_plugin_options(result: *mut Text);

    #[link_name = "save-plugin-options"]
    fn save_plugin_options(config: *const u8, length: usize, result: *mut Outcome<(), Text>);
}

#[link(wasm_import_module = "signalk:plugin-api/full-model@1.0.0")]
extern "C" {
    #[link_name = "get-self-path"]
    fn get_self_path(path: *const u8, length: usize, result: *mut OptionText);

    #[link_name = "get-path"]
    fn get_path(path: *const u8, length: usize, result: *mut OptionText);
}

#[link(wasm_import_module = "signalk:plugin-api/delta-handler@1.0.0")]
extern "C" {
    #[link_name = "handle-message"]
    fn handle_message(
        plugin_id: *const u8,
        id_length: usize,
        context: *const u8,
        context_length: usize,
        updates: *const Update,
        update_count: usize,
    );
}

/// The state of the plugin, for the server's administration pages.
pub fn set_status(text: &str) {
    unsafe { set_plugin_status(text.as_ptr(), text.len()) }
}

/// What is wrong with the plugin, shown in the same place.
pub fn set_error(text: &str) {
    unsafe { set_plugin_error(text.as_ptr(), text.len()) }
}

/// A line for the log, kept only while debugging is switched on for the plugin.
pub fn debug(text: &str) {
    unsafe { log_debug(text.as_ptr(), text.len()) }
}

/// A line for the log.
pub fn error(text: &str) {
    unsafe { log_error(text.as_ptr(), text.len()) }
}

/// The saved configuration as JSON; `{}` where there is none.
pub fn read_options() -> Text {
    unsafe { result_of(|result| read_plugin_options(result)) }
}

/// Saves a configuration, which is a JSON object; otherwise why the server did not take it.
pub fn save_options(config: &str) -> Outcome<(), Text> {
    unsafe { result_of(|result| save_plugin_options(config.as_ptr(), config.len(), result)) }
}

/// What the data model holds at a path of the own vessel, as JSON. Without the capability dataRead this call does not
/// return.
pub fn own(path: &str) -> OptionText {
    unsafe { result_of(|result| get_self_path(path.as_ptr(), path.len(), result)) }
}

/// The same, from the root of the data model.
pub fn path(path: &str) -> OptionText {
    unsafe { result_of(|result| get_path(path.as_ptr(), path.len(), result)) }
}

/// Emits one update on the own vessel: pairs of a path and a value, which is JSON. The empty timestamp lets the server
/// fill in the time. Without the capability dataWrite this call does not return: the server ends it, and there is no
/// way to ask beforehand.
pub fn emit(id: &str, values: &[(&str, &str)]) {
    let context = "vessels.self";
    let update = Update {
        source: SourceRef {
            label: id.into(),
            kind: OptionText::None,
        },
        timestamp: "".into(),
        values: values
            .iter()
            .map(|(path, value)| PathValue {
                path: (*path).into(),
                value: (*value).into(),
            })
            .collect::<Vec<_>>()
            .into(),
    };
    unsafe { handle_message(id.as_ptr(), id.len(), context.as_ptr(), context.len(), &update, 1) }
}
