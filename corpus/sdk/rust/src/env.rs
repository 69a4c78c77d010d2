//! The functions that a server gives to a core module, as they are; [`crate::core`] has most of them as safe Rust.
//!
//! Texts are a pointer and a count of bytes of UTF-8. No function traps: one that fails, or whose capability the plugin
//! was not granted, returns 0 where 1 means success and -1 where 0 does, and does nothing.

#[link(wasm_import_module = "env")]
extern "C" {
    pub fn sk_debug(text: *const u8, length: usize);
    pub fn sk_set_status(text: *const u8, length: usize);
    pub fn sk_set_error(text: *const u8, length: usize);
    pub fn sk_has_capability(name: *const u8, length: usize) -> i32;

    pub fn sk_handle_message(delta: *const u8, length: usize, version: i32);
    pub fn sk_publish_notification(path: *const u8, length: usize, value: *const u8, value_length: usize) -> i32;
    pub fn sk_get_self_path(path: *const u8, length: usize, out: *mut u8, room: usize) -> i32;
    pub fn sk_get_path(path: *const u8, length: usize, out: *mut u8, room: usize) -> i32;
    pub fn sk_read_config(out: *mut u8, room: usize) -> i32;
    pub fn sk_save_config(config: *const u8, length: usize) -> i32;

    pub fn sk_register_put_handler(context: *const u8, context_length: usize, path: *const u8, length: usize) -> i32;
    pub fn sk_register_resource_provider(kind: *const u8, length: usize) -> i32;
    pub fn sk_register_weather_provider(name: *const u8, length: usize) -> i32;
    pub fn sk_register_radar_provider(name: *const u8, length: usize) -> i32;
    pub fn sk_radar_emit_spokes(radar: *const u8, radar_length: usize, data: *const u8, length: usize) -> i32;
    pub fn sk_emit_binary_stream(stream: *const u8, stream_length: usize, data: *const u8, length: usize) -> i32;

    pub fn sk_udp_create(kind: i32) -> i32;
    pub fn sk_udp_bind(id: i32, port: i32) -> i32;
    pub fn sk_udp_join_multicast(id: i32, group: *const u8, group_length: usize, at: *const u8, length: usize) -> i32;
    pub fn sk_udp_leave_multicast(id: i32, group: *const u8, group_length: usize, at: *const u8, length: usize) -> i32;
    pub fn sk_udp_set_multicast_ttl(id: i32, ttl: i32) -> i32;
    pub fn sk_udp_set_multicast_loopback(id: i32, on: i32) -> i32;
    pub fn sk_udp_set_broadcast(id: i32, on: i32) -> i32;
    pub fn sk_udp_send(id: i32, to: *const u8, to_length: usize, port: i32, data: *const u8, length: usize) -> i32;
    /// `from` has room for 46 bytes, and ends in NUL.
    pub fn sk_udp_recv(id: i32, out: *mut u8, room: usize, from: *mut u8, port: *mut u16) -> i32;
    pub fn sk_udp_pending(id: i32) -> i32;
    pub fn sk_udp_close(id: i32);

    pub fn sk_tcp_create() -> i32;
    pub fn sk_tcp_connect(id: i32, address: *const u8, length: usize, port: i32) -> i32;
    pub fn sk_tcp_connected(id: i32) -> i32;
    pub fn sk_tcp_set_line_buffering(id: i32, on: i32) -> i32;
    pub fn sk_tcp_send(id: i32, data: *const u8, length: usize) -> i32;
    pub fn sk_tcp_recv_line(id: i32, out: *mut u8, room: usize) -> i32;
    pub fn sk_tcp_recv_raw(id: i32, out: *mut u8, room: usize) -> i32;
    pub fn sk_tcp_pending(id: i32) -> i32;
    pub fn sk_tcp_close(id: i32);
}
