//! Looks into JSON without making anything of it: a value is the piece of text that it stands in.
//!
//! `read` checks the whole text once, by RFC 8259 and for UTF-8. All the others take what it returned, or a part of that.

const std = @import("std");

const deepest = 250;
const most_thousandths = 999_999_999;

/// The value without the white space around it; null if this is not JSON, or nested deeper than 250.
pub fn read(text: []const u8) ?[]const u8 {
    if (!std.unicode.utf8ValidateSlice(text)) return null;
    const begin = skipSpace(text);
    const behind = valueEnd(begin, deepest) orelse return null;
    return if (skipSpace(behind).len == 0) begin[0 .. begin.len - behind.len] else null;
}

pub fn isObject(value: []const u8) bool {
    return value.len > 0 and value[0] == '{';
}

/// The parts of an object or array in order: `next` has the value, and `name` its name where it is a member.
pub const Parts = struct {
    rest: []const u8,
    named: bool,
    name: []const u8 = "",

    pub fn next(self: *Parts) ?[]const u8 {
        if (self.named) self.name = self.part() orelse return null;
        return self.part();
    }

    fn part(self: *Parts) ?[]const u8 {
        while (self.rest.len > 0 and (isSpace(self.rest[0]) or self.rest[0] == ',' or self.rest[0] == ':')) {
            self.rest = self.rest[1..];
        }
        const behind = valueEnd(self.rest, deepest) orelse return null;
        defer self.rest = behind;
        return self.rest[0 .. self.rest.len - behind.len];
    }
};

/// None where the value is neither.
pub fn parts(value: ?[]const u8) Parts {
    const text = value orelse "";
    const holds = text.len > 0 and (text[0] == '{' or text[0] == '[');
    return .{ .rest = if (holds) text[1..] else "", .named = isObject(text) };
}

/// The member of this name, which is plain ASCII; of several the last.
pub fn member(object: ?[]const u8, name: []const u8) ?[]const u8 {
    var found: ?[]const u8 = null;
    var members = parts(object);
    if (!members.named) return null;
    while (members.next()) |value| {
        if (isString(members.name, name)) found = value;
    }
    return found;
}

/// Whether a value is the JSON string of a text of plain ASCII, however it is escaped.
pub fn isString(value: ?[]const u8, text: []const u8) bool {
    var room: [64]u8 = undefined;
    const found = ascii(value, &room) orelse return false;
    return std.mem.eql(u8, found, text);
}

/// What a JSON string of plain ASCII stands for; null if the value is no such string, or does not fit.
pub fn ascii(value: ?[]const u8, room: []u8) ?[]const u8 {
    const text = value orelse return null;
    if (text.len == 0 or text[0] != '"') return null;
    var length: usize = 0;
    var at: usize = 1;
    while (at < text.len - 1) : (at += 1) {
        var byte = text[at];
        if (byte == '\\') {
            at += 1;
            byte = switch (text[at]) {
                'b' => 8,
                'f' => 12,
                'n' => 10,
                'r' => 13,
                't' => 9,
                'u' => unit: {
                    at += 4;
                    const unit = std.fmt.parseInt(u16, text[at - 3 .. at + 1], 16) catch return null;
                    break :unit if (unit < 0x80) @intCast(unit) else return null;
                },
                else => text[at],
            };
        }
        if (byte >= 0x80 or length == room.len) return null;
        room[length] = byte;
        length += 1;
    }
    return room[0..length];
}

/// A number in thousandths, cut towards zero, worked out from its digits: the same on every machine. Null if the value is
/// no number, or a million or more.
pub fn thousandths(value: ?[]const u8) ?i64 {
    const text = value orelse return null;
    const negative = text.len > 0 and text[0] == '-';
    const digits = if (negative) text[1..] else text;
    if (digits.len == 0 or !std.ascii.isDigit(digits[0])) return null;
    const mantissa = digits[0 .. std.mem.indexOfAny(u8, digits, "eE") orelse digits.len];
    const whole = std.mem.indexOfScalar(u8, mantissa, '.') orelse mantissa.len;
    var exponent: i64 = 0;
    const minus = std.mem.indexOfScalar(u8, digits, '-') != null;
    for (digits[mantissa.len..]) |byte| {
        if (std.ascii.isDigit(byte) and exponent < 100_000) exponent = 10 * exponent + (byte - '0');
    }
    var weight = @as(i64, @intCast(whole)) + 2 + (if (minus) -exponent else exponent); // of a digit, as a power of ten
    var sum: i64 = 0;
    for (mantissa) |byte| {
        if (byte == '.') continue;
        if (weight >= 0) sum = 10 * sum + (byte - '0');
        if (sum > most_thousandths) return null;
        weight -= 1;
    }
    while (weight >= 0 and sum > 0) : (weight -= 1) {
        sum *= 10;
        if (sum > most_thousandths) return null;
    }
    return if (negative) -sum else sum;
}

fn isSpace(byte: u8) bool {
    return byte == ' ' or byte == '\t' or byte == '\n' or byte == '\r';
}

fn skipSpace(text: []const u8) []const u8 {
    var at: usize = 0;
    while (at < text.len and isSpace(text[at])) at += 1;
    return text[at..];
}

// What comes behind the value that a text begins with; null where there is no value.

fn after(text: []const u8, prefix: []const u8) ?[]const u8 {
    return if (std.mem.startsWith(u8, text, prefix)) text[prefix.len..] else null;
}

fn valueEnd(text: []const u8, depth: u32) ?[]const u8 {
    if (text.len == 0) return null;
    return switch (text[0]) {
        '{', '[' => if (depth > 0) containerEnd(text, depth - 1) else null,
        '"' => stringEnd(text),
        't' => after(text, "true"),
        'f' => after(text, "false"),
        'n' => after(text, "null"),
        else => numberEnd(text),
    };
}

fn containerEnd(text: []const u8, depth: u32) ?[]const u8 {
    const end: u8 = if (text[0] == '{') '}' else ']';
    var rest = skipSpace(text[1..]);
    if (rest.len > 0 and rest[0] == end) return rest[1..];
    while (true) {
        if (end == '}') {
            const colon = skipSpace(stringEnd(rest) orelse return null);
            rest = skipSpace(after(colon, ":") orelse return null);
        }
        rest = skipSpace(valueEnd(rest, depth) orelse return null);
        if (rest.len == 0) return null;
        if (rest[0] == end) return rest[1..];
        rest = skipSpace(after(rest, ",") orelse return null);
    }
}

fn stringEnd(text: []const u8) ?[]const u8 {
    if (text.len == 0 or text[0] != '"') return null;
    var at: usize = 1;
    while (at < text.len) : (at += 1) {
        switch (text[at]) {
            '"' => return text[at + 1 ..],
            0...31 => return null,
            '\\' => {
                at += 1;
                if (at == text.len) return null;
                switch (text[at]) {
                    '"', '\\', '/', 'b', 'f', 'n', 'r', 't' => {},
                    'u' => {
                        if (text.len - at < 5) return null;
                        for (text[at + 1 .. at + 5]) |digit| {
                            if (!std.ascii.isHex(digit)) return null;
                        }
                        at += 4;
                    },
                    else => return null,
                }
            },
            else => {},
        }
    }
    return null;
}

fn digitsEnd(text: []const u8) ?[]const u8 {
    var at: usize = 0;
    while (at < text.len and std.ascii.isDigit(text[at])) at += 1;
    return if (at > 0) text[at..] else null;
}

fn numberEnd(text: []const u8) ?[]const u8 {
    const digits = after(text, "-") orelse text;
    var rest = after(digits, "0") orelse digitsEnd(digits) orelse return null;
    if (after(rest, ".")) |fraction| rest = digitsEnd(fraction) orelse return null;
    if (after(rest, "e") orelse after(rest, "E")) |exponent| {
        rest = digitsEnd(after(exponent, "+") orelse after(exponent, "-") orelse exponent) orelse return null;
    }
    return rest;
}
