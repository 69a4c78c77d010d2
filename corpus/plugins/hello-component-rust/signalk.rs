//! What a Signal K server offers to a component, as far as this plugin uses it, as safe Rust.

use crate::canonical::{OptionText, PathValue, SourceRef, Update};

#[link(wasm_import_module = "signalk:plugin-api/plugin-status@1.0.0")]
extern "C" {
    #[link_name = "set-plugin-status"]
    fn set_plugin_status(message: *const u8, length: usize);

    #[link_name = "set-plugin-error"]
    fn set_plugin_error(message: *const u8, length: usize);
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
