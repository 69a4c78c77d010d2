//! What a Signal K server offers to a core module, as far as the twin uses it, and what a plugin needs besides.

const std = @import("std");

pub const env = struct {
    pub extern "env" fn sk_set_status(text: [*]const u8, length: usize) void;
    pub extern "env" fn sk_set_error(text: [*]const u8, length: usize) void;
    pub extern "env" fn sk_has_capability(name: [*]const u8, length: usize) i32;
    pub extern "env" fn sk_handle_message(delta: [*]const u8, length: usize, version: i32) void;
    pub extern "env" fn sk_publish_notification(path: [*]const u8, length: usize, value: [*]const u8, size: usize) i32;
    pub extern "env" fn sk_get_self_path(path: [*]const u8, length: usize, out: [*]u8, room: usize) i32;
    pub extern "env" fn sk_save_config(config: [*]const u8, length: usize) i32;
    pub extern "env" fn sk_register_put_handler(context: [*]const u8, size: usize, path: [*]const u8, length: usize) i32;
    pub extern "env" fn sk_register_resource_provider(kind: [*]const u8, length: usize) i32;
};

pub fn setStatus(text: []const u8) void {
    env.sk_set_status(text.ptr, text.len);
}

pub fn setError(text: []const u8) void {
    env.sk_set_error(text.ptr, text.len);
}

pub fn hasCapability(name: []const u8) bool {
    return env.sk_has_capability(name.ptr, name.len) == 1;
}

/// Emits a delta, which is JSON.
pub fn handleMessage(delta: []const u8) void {
    env.sk_handle_message(delta.ptr, delta.len, 1);
}

/// Raises a notification, which is JSON; `null` clears it.
pub fn notify(path: []const u8, value: []const u8) void {
    _ = env.sk_publish_notification(path.ptr, path.len, value.ptr, value.len);
}

/// What the data model holds at a path of the own vessel, as JSON; empty where there is nothing, or it does not fit.
pub fn own(path: []const u8, room: []u8) []const u8 {
    const size = env.sk_get_self_path(path.ptr, path.len, room.ptr, room.len);
    return if (size > 0) room[0..@intCast(size)] else "";
}

pub fn saveConfig(config: []const u8) void {
    _ = env.sk_save_config(config.ptr, config.len);
}

pub fn takePuts(path: []const u8) bool {
    const context = "vessels.self";
    return env.sk_register_put_handler(context, context.len, path.ptr, path.len) == 1;
}

pub fn provideResources(kind: []const u8) bool {
    return env.sk_register_resource_provider(kind.ptr, kind.len) == 1;
}

/// Hands a text to the server. One that does not fit is not written; the server sees this from the length.
pub fn handOut(text: []const u8, out: [*]u8, room: usize) usize {
    if (text.len <= room) @memcpy(out[0..text.len], text);
    return text.len;
}

// Memory for the server's texts.

export fn allocate(size: usize) ?[*]u8 {
    const block = std.heap.wasm_allocator.alloc(u8, @max(size, 1)) catch return null;
    return block.ptr;
}

export fn deallocate(memory: ?[*]u8, size: usize) void {
    if (memory) |block| std.heap.wasm_allocator.free(block[0..@max(size, 1)]);
}

/// Where a text is put together. What does not fit is counted and not written.
pub const Writer = struct {
    room: []u8,
    length: usize = 0,

    pub fn put(self: *Writer, text: []const u8) void {
        for (text) |byte| {
            if (self.length < self.room.len) self.room[self.length] = byte;
            self.length += 1;
        }
    }

    pub fn putNumber(self: *Writer, number: u64) void {
        if (number >= 10) self.putNumber(number / 10);
        self.put(&.{'0' + @as(u8, @intCast(number % 10))});
    }

    /// A number of thousandths with no more decimals than it needs: 3850 is 3.85, 5000 is 5.
    pub fn putThousandths(self: *Writer, number: u64) void {
        self.putNumber(number / 1000);
        var rest = number % 1000;
        if (rest > 0) self.put(".");
        while (rest > 0) : (rest = rest * 10 % 1000) self.put(&.{'0' + @as(u8, @intCast(rest / 100))});
    }

    pub fn fits(self: Writer) bool {
        return self.length <= self.room.len;
    }

    /// What was written; nothing where not all of it fitted.
    pub fn written(self: Writer) []const u8 {
        return if (self.fits()) self.room[0..self.length] else "";
    }
};

// Small files in the plugin's own directory, by WASI preview 1. It is open before the plugin starts, as descriptor 3, and
// every path is relative to it.

const wasi = struct {
    const Piece = extern struct { bytes: [*]const u8, length: usize };
    extern "wasi_snapshot_preview1" fn path_open(directory: i32, lookup: i32, path: [*]const u8, length: usize, open: i32, rights: i64, inherited: i64, flags: i32, out: *i32) i32;
    extern "wasi_snapshot_preview1" fn fd_read(file: i32, pieces: *const Piece, count: usize, size: *usize) i32;
    extern "wasi_snapshot_preview1" fn fd_write(file: i32, pieces: *const Piece, count: usize, size: *usize) i32;
    extern "wasi_snapshot_preview1" fn fd_close(file: i32) i32;
};

const create_and_truncate = 1 | 8;
const right_to_read = 1 << 1;
const right_to_write = 1 << 6;

fn open(path: []const u8, flags: i32, rights: i64) ?i32 {
    var file: i32 = undefined;
    return if (wasi.path_open(3, 0, path.ptr, path.len, flags, rights, 0, 0, &file) == 0) file else null;
}

/// A whole file; empty where there is none, it cannot be read, or is longer than there is room.
pub fn readFile(path: []const u8, room: []u8) []const u8 {
    const file = open(path, 0, right_to_read) orelse return "";
    defer _ = wasi.fd_close(file);
    var size: usize = 0;
    var more: usize = 0;
    var last: [1]u8 = undefined;
    if (wasi.fd_read(file, &.{ .bytes = room.ptr, .length = room.len }, 1, &size) != 0) return "";
    if (wasi.fd_read(file, &.{ .bytes = &last, .length = 1 }, 1, &more) != 0 or more > 0) return "";
    return room[0..size];
}

/// Makes a text the whole content of a file. Tells whether that worked.
pub fn writeFile(path: []const u8, text: []const u8) bool {
    const file = open(path, create_and_truncate, right_to_write) orelse return false;
    var size: usize = 0;
    const written = wasi.fd_write(file, &.{ .bytes = text.ptr, .length = text.len }, 1, &size) == 0 and size == text.len;
    return wasi.fd_close(file) == 0 and written;
}
