/*
 * The probe: a plugin that does what it is told, so that the host around it can be judged.
 *
 * It is told by a script, a text of lines; each line is a word and its arguments, all parted by tabs. A line that names a
 * host function calls it:
 *
 *     s:TEXT      a text: its pointer and its length
 *     x:HEX       the same for any bytes, in hexadecimal digits
 *     n:NUMBER    a number
 *     z:SIZE      a text of so many `x`: its pointer and its length
 *     b:SIZE      a buffer: its pointer and its size; what it holds afterwards is told with the result
 *     o:SIZE      a place for a result: its pointer alone; all that it holds afterwards is told in hexadecimal digits
 *     m:NUMBER    a number counted from the end of memory: m:0 is the first address that is none
 *     h:SLOT      what `hold SLOT` has put there
 *
 * After each call it says, by sk_debug, `NAME<tab>RESULT` and, where there were buffers, `<tab>` and what each holds, as far
 * as the result says that it was written. The other words:
 *
 *     say TEXT            says it, by sk_debug
 *     return NUMBER       what the export that runs the script returns
 *     trap | loop | recurse | exit NUMBER
 *     grow PAGES          memory.grow; says `grow` and its result
 *     hold SLOT           remembers the latest result under a digit
 *     repeat NUMBER LINE  carries out the line so often, and tells nothing of it
 *     answer TEXT         what a handler answers with; `answer-size N` makes it N bytes of `x`, `answer-claim N` claims N bytes
 *     poll SCRIPT | stop SCRIPT | delta SCRIPT | http SCRIPT | put SCRIPT | resource SCRIPT
 *                         is carried out each time that export is called; newlines and tabs in it are written \n and \t
 *
 * A script comes as "script" in the configuration, as the value of the path `probe.script` in a delta, as the body of
 * a request to /run, and as the value of a PUT to `probe.script`. Each delta that comes is told as `heard<tab>TEXT` once the
 * configuration has "hear": true.
 *
 * Built in parts, since a host refuses to link what it does not know: PROBE_PATH adds sk_get_path, PROBE_SOCKETS the
 * sockets, PROBE_STREAMS the streams. PROBE_FILES adds words for WASI, each of which says itself and an errno:
 *
 *     write PATH TEXT | append PATH TEXT | read PATH | list PATH | mkdir PATH | rmdir PATH | unlink PATH
 *     rename PATH PATH | link PATH PATH | symlink TARGET PATH | preopens | environ | args | print FD LINE | random | clock
 *
 * PROBE_ASSEMBLYSCRIPT makes it a plugin of that dialect: strings are objects of UTF-16 code units; `abort TEXT` calls
 * env.abort then.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

/* ---- What a program without a library has to bring ------------------------------------------------------------ */

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    for (size_t i = 0; i < size; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t size) {
    for (size_t i = 0; i < size; i++) ((char *)to)[i] = (char)value;
    return to;
}

static size_t length_of(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

static bool same(const char *text, size_t length, const char *word) {
    size_t i = 0;
    while (i < length && word[i] && text[i] == word[i]) i++;
    return i == length && !word[i];
}

/* Memory is handed out upwards and taken back when a call from outside is over, but for what was there before it. */
extern unsigned char __heap_base;
static size_t top;

static void *take(size_t size) {
    if (!top) top = (size_t)&__heap_base;
    size_t start = (top + 15) & ~(size_t)15, end = start + size + 16;
    if (end < start) return NULL;
    size_t here = __builtin_wasm_memory_size(0) * 65536;
    if (end > here && __builtin_wasm_memory_grow(0, (end - here + 65535) / 65536) == (size_t)-1) return NULL;
    top = end;
    return (void *)start;
}

/* ---- The host's functions -------------------------------------------------------------------------------------- */

typedef int32_t i32;
#define FROM(module, type, name, parameters) \
    __attribute__((import_module(module), import_name(#name))) extern type name parameters;
#define HOST(type, name, parameters) FROM("env", type, name, parameters)
#define WASI(name, parameters) FROM("wasi_snapshot_preview1", i32, name, parameters)

HOST(void, sk_debug, (i32, i32))
HOST(void, sk_set_status, (i32, i32))
HOST(void, sk_set_error, (i32, i32))
HOST(i32, sk_get_self_path, (i32, i32, i32, i32))
HOST(void, sk_handle_message, (i32, i32, i32))
HOST(i32, sk_publish_notification, (i32, i32, i32, i32))
HOST(i32, sk_read_config, (i32, i32))
HOST(i32, sk_save_config, (i32, i32))
HOST(i32, sk_has_capability, (i32, i32))
HOST(i32, sk_register_put_handler, (i32, i32, i32, i32))
HOST(i32, sk_register_resource_provider, (i32, i32))
HOST(i32, sk_register_weather_provider, (i32, i32))
HOST(i32, sk_register_radar_provider, (i32, i32))
#ifdef PROBE_PATH
HOST(i32, sk_get_path, (i32, i32, i32, i32))
#endif
#ifdef PROBE_STREAMS
HOST(i32, sk_emit_binary_stream, (i32, i32, i32, i32))
HOST(i32, sk_radar_emit_spokes, (i32, i32, i32, i32))
#endif
#ifdef PROBE_SOCKETS
HOST(i32, sk_udp_create, (i32))
HOST(i32, sk_udp_bind, (i32, i32))
HOST(i32, sk_udp_join_multicast, (i32, i32, i32, i32, i32))
HOST(i32, sk_udp_leave_multicast, (i32, i32, i32, i32, i32))
HOST(i32, sk_udp_set_multicast_ttl, (i32, i32))
HOST(i32, sk_udp_set_multicast_loopback, (i32, i32))
HOST(i32, sk_udp_set_broadcast, (i32, i32))
HOST(i32, sk_udp_send, (i32, i32, i32, i32, i32, i32))
HOST(i32, sk_udp_recv, (i32, i32, i32, i32, i32))
HOST(i32, sk_udp_pending, (i32))
HOST(void, sk_udp_close, (i32))
HOST(i32, sk_tcp_create, (void))
HOST(i32, sk_tcp_connect, (i32, i32, i32, i32))
HOST(i32, sk_tcp_connected, (i32))
HOST(i32, sk_tcp_set_line_buffering, (i32, i32))
HOST(i32, sk_tcp_send, (i32, i32, i32))
HOST(i32, sk_tcp_recv_line, (i32, i32, i32))
HOST(i32, sk_tcp_recv_raw, (i32, i32, i32))
HOST(i32, sk_tcp_pending, (i32))
HOST(void, sk_tcp_close, (i32))
#endif

#ifdef PROBE_FILES
typedef int64_t i64;
WASI(path_open, (i32, i32, i32, i32, i32, i64, i64, i32, i32))
WASI(fd_write, (i32, i32, i32, i32))
WASI(fd_read, (i32, i32, i32, i32))
WASI(fd_readdir, (i32, i32, i32, i64, i32))
WASI(fd_close, (i32))
WASI(fd_prestat_get, (i32, i32))
WASI(fd_prestat_dir_name, (i32, i32, i32))
WASI(path_create_directory, (i32, i32, i32))
WASI(path_remove_directory, (i32, i32, i32))
WASI(path_unlink_file, (i32, i32, i32))
WASI(path_rename, (i32, i32, i32, i32, i32, i32))
WASI(path_link, (i32, i32, i32, i32, i32, i32, i32))
WASI(path_symlink, (i32, i32, i32, i32, i32))
WASI(environ_sizes_get, (i32, i32))
WASI(environ_get, (i32, i32))
WASI(args_sizes_get, (i32, i32))
WASI(args_get, (i32, i32))
WASI(random_get, (i32, i32))
WASI(clock_time_get, (i32, i64, i32))
__attribute__((import_module("wasi_snapshot_preview1"), import_name("proc_exit"))) extern void proc_exit(i32);
#endif
#ifdef PROBE_ASSEMBLYSCRIPT
HOST(void, abort, (i32, i32, i32, i32))
#endif

/* Each function with how it is called: `r` returns a number, `v` nothing; then how many numbers it takes. */
typedef struct {
    const char *name;
    void (*function)(void);
    char result;
    int takes;
} Function;

#define R(name, takes) {#name, (void (*)(void))name, 'r', takes},
#define V(name, takes) {#name, (void (*)(void))name, 'v', takes},
static const Function functions[] = {
    V(sk_debug, 2) V(sk_set_status, 2) V(sk_set_error, 2) R(sk_get_self_path, 4) V(sk_handle_message, 3)
    R(sk_publish_notification, 4) R(sk_read_config, 2) R(sk_save_config, 2) R(sk_has_capability, 2)
    R(sk_register_put_handler, 4) R(sk_register_resource_provider, 2) R(sk_register_weather_provider, 2)
    R(sk_register_radar_provider, 2)
#ifdef PROBE_PATH
    R(sk_get_path, 4)
#endif
#ifdef PROBE_STREAMS
    R(sk_emit_binary_stream, 4) R(sk_radar_emit_spokes, 4)
#endif
#ifdef PROBE_SOCKETS
    R(sk_udp_create, 1) R(sk_udp_bind, 2) R(sk_udp_join_multicast, 5) R(sk_udp_leave_multicast, 5)
    R(sk_udp_set_multicast_ttl, 2) R(sk_udp_set_multicast_loopback, 2) R(sk_udp_set_broadcast, 2) R(sk_udp_send, 6)
    R(sk_udp_recv, 5) R(sk_udp_pending, 1) V(sk_udp_close, 1)
    R(sk_tcp_create, 0) R(sk_tcp_connect, 4) R(sk_tcp_connected, 1) R(sk_tcp_set_line_buffering, 2) R(sk_tcp_send, 3)
    R(sk_tcp_recv_line, 3) R(sk_tcp_recv_raw, 3) R(sk_tcp_pending, 1) V(sk_tcp_close, 1)
#endif
};

static i32 called(const Function *f, const i32 *a) {
    void (*p)(void) = f->function;
    if (f->result == 'v') {
        switch (f->takes) {
        case 1: ((void (*)(i32))p)(a[0]); break;
        case 2: ((void (*)(i32, i32))p)(a[0], a[1]); break;
        default: ((void (*)(i32, i32, i32))p)(a[0], a[1], a[2]);
        }
        return 0;
    }
    switch (f->takes) {
    case 0: return ((i32 (*)(void))p)();
    case 1: return ((i32 (*)(i32))p)(a[0]);
    case 2: return ((i32 (*)(i32, i32))p)(a[0], a[1]);
    case 3: return ((i32 (*)(i32, i32, i32))p)(a[0], a[1], a[2]);
    case 4: return ((i32 (*)(i32, i32, i32, i32))p)(a[0], a[1], a[2], a[3]);
    case 5: return ((i32 (*)(i32, i32, i32, i32, i32))p)(a[0], a[1], a[2], a[3], a[4]);
    default: return ((i32 (*)(i32, i32, i32, i32, i32, i32))p)(a[0], a[1], a[2], a[3], a[4], a[5]);
    }
}

/* ---- Texts that grow ------------------------------------------------------------------------------------------- */

typedef struct {
    char *bytes;
    size_t length, room;
} Text;

static Text text_of(size_t room) {
    Text made = {take(room), 0, room};
    return made;
}

static void add(Text *text, const char *more, size_t length) {
    for (size_t i = 0; i < length && text->bytes && text->length < text->room; i++) {
        text->bytes[text->length++] = more[i];
    }
}

static void add_number(Text *text, i32 number) {
    char digits[12];
    size_t first = sizeof digits;
    uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
    do digits[--first] = (char)('0' + rest % 10); while (rest /= 10);
    if (number < 0) digits[--first] = '-';
    add(text, digits + first, sizeof digits - first);
}

static void add_hex(Text *text, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned byte = (unsigned char)bytes[i];
        add(text, &"0123456789abcdef"[byte >> 4], 1);
        add(text, &"0123456789abcdef"[byte & 15], 1);
    }
}

static void say(const char *text, size_t length) {
    sk_debug((i32)(size_t)text, (i32)length);
}

/* ---- JSON, as far as it is needed --------------------------------------------------------------------------------- */

static unsigned hex_digit(char c) {
    return c <= '9' ? (unsigned)(c - '0') : ((unsigned)c | 32) - 'a' + 10;
}

static void add_character(Text *text, unsigned code) {
    char bytes[3];
    if (code < 0x80) {
        bytes[0] = (char)code;
        add(text, bytes, 1);
    } else if (code < 0x800) {
        bytes[0] = (char)(0xC0 | code >> 6);
        bytes[1] = (char)(0x80 | (code & 63));
        add(text, bytes, 2);
    } else {
        bytes[0] = (char)(0xE0 | code >> 12);
        bytes[1] = (char)(0x80 | (code >> 6 & 63));
        bytes[2] = (char)(0x80 | (code & 63));
        add(text, bytes, 3);
    }
}

/* The string that begins at the first quote of `json`, decoded. */
static Text string_at(const char *json, size_t length) {
    Text text = text_of(length + 1);
    for (size_t i = 1; i < length && json[i] != '"'; i++) {
        if (json[i] != '\\' || i + 1 >= length) {
            add(&text, json + i, 1);
            continue;
        }
        char c = json[++i];
        if (c == 'u' && i + 4 < length) {
            unsigned code = 0;
            for (int d = 0; d < 4; d++) code = code * 16 + hex_digit(json[++i]);
            add_character(&text, code);
        } else {
            char plain = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
            add(&text, &plain, 1);
        }
    }
    return text;
}

/* Where the text after `key` begins, blanks left out; NULL where it is not. */
static const char *after(const char *json, size_t length, const char *key) {
    size_t size = length_of(key);
    for (size_t i = 0; i + size < length; i++) {
        size_t k = 0;
        while (k < size && json[i + k] == key[k]) k++;
        if (k < size) continue;
        const char *at = json + i + size;
        while (at < json + length && (*at == ' ' || *at == ':')) at++;
        return at < json + length ? at : NULL;
    }
    return NULL;
}

/* ---- The script ----------------------------------------------------------------------------------------------- */

enum { POLL, STOP, DELTA, HTTP, PUT, RESOURCE, KEPT };
static const char *const words[KEPT] = {"poll", "stop", "delta", "http", "put", "resource"};
static Text kept[KEPT];
static Text answer;
static i32 answer_size, answer_claim, returned, latest, held[10];
static bool hearing, quiet;

static i32 number_of(const char *text, size_t length) {
    bool minus = length && text[0] == '-';
    uint32_t number = 0;
    for (size_t i = minus; i < length; i++) number = number * 10 + (uint32_t)(text[i] - '0');
    return (i32)(minus ? 0u - number : number);
}

/* Each frame looks into the one above it, so that no compiler makes a loop of it. */
__attribute__((noinline)) static i32 recurse(volatile i32 *above) {
    volatile i32 here = *above + 1;
    return here < 0 ? 0 : recurse(&here) + here; /* the stack ends long before the numbers do */
}

enum { MOST = 8 };

static void call_function(const Function *f, const char *arguments, size_t length) {
    i32 numbers[MOST] = {0};
    char *buffers[MOST];
    size_t sizes[MOST];
    bool places[MOST];
    int count = 0, buffered = 0;
    for (size_t i = 0; i < length && count < f->takes;) {
        size_t end = i;
        while (end < length && arguments[end] != '\t') end++;
        char kind = arguments[i];
        const char *value = arguments + i + 2;
        size_t size = end - i < 2 ? 0 : end - i - 2;
        if (kind == 'n') numbers[count++] = number_of(value, size);
        if (kind == 'm') {
            numbers[count++] = (i32)(__builtin_wasm_memory_size(0) * 65536 + (size_t)number_of(value, size));
        }
        if (kind == 's') {
            numbers[count++] = (i32)(size_t)value;
            numbers[count++] = (i32)size;
        }
        if (kind == 'x') {
            char *bytes = take(size / 2 + 1);
            for (size_t b = 0; bytes && b < size / 2; b++) {
                bytes[b] = (char)(hex_digit(value[2 * b]) << 4 | hex_digit(value[2 * b + 1]));
            }
            numbers[count++] = (i32)(size_t)bytes;
            numbers[count++] = (i32)(size / 2);
        }
        if (kind == 'z') {
            size_t wanted = (size_t)number_of(value, size);
            char *bytes = take(wanted);
            if (bytes) memset(bytes, 'x', wanted);
            numbers[count++] = (i32)(size_t)bytes;
            numbers[count++] = (i32)wanted;
        }
        if (kind == 'h') numbers[count++] = held[*value - '0'];
        if ((kind == 'b' || kind == 'o') && buffered < MOST) {
            places[buffered] = kind == 'o';
            sizes[buffered] = (size_t)number_of(value, size);
            buffers[buffered] = take(sizes[buffered] + 1);
            memset(buffers[buffered], 0xA5, sizes[buffered] + 1);
            numbers[count++] = (i32)(size_t)buffers[buffered];
            if (kind == 'b' && count < f->takes) numbers[count++] = (i32)sizes[buffered];
            buffered++;
        }
        i = end + 1;
    }
    i32 result = latest = called(f, numbers);
    if (quiet) return;
    size_t room = 64 + length_of(f->name);
    for (int b = 0; b < buffered; b++) room += 2 * sizes[b] + 16;
    Text told = text_of(room);
    add(&told, f->name, length_of(f->name));
    if (f->result == 'r') {
        add(&told, "\t", 1);
        add_number(&told, result);
    }
    for (int b = 0; b < buffered; b++) {
        size_t written = result > 0 && (size_t)result <= sizes[b] ? (size_t)result : 0;
        add(&told, "\t", 1);
        if (places[b]) {
            add_hex(&told, buffers[b], sizes[b]);
            written = sizes[b];
        } else {
            add(&told, buffers[b], written);
        }
        /* Nothing behind what was written may have changed. */
        for (size_t i = written; i <= sizes[b]; i++) {
            if ((unsigned char)buffers[b][i] != 0xA5) {
                add(&told, "\toverwritten", 12);
                break;
            }
        }
    }
    say(told.bytes, told.length);
}

static void keep(Text *place, const char *text, size_t length) {
    /* What is kept stays: it was taken before the call that runs now is over, so the top is moved for good. */
    *place = text_of(length + 1);
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < length) {
            c = text[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        add(place, &c, 1);
    }
}

static bool keeps_something;

#ifdef PROBE_ASSEMBLYSCRIPT
static void *string_object(const char *text, size_t length);
#endif

#ifdef PROBE_FILES
enum { ROOT = 3, BADF = 8, CREATE = 1, DIRECTORY = 2, TRUNCATE = 8, APPEND = 1 };

static void tell(const char *word, size_t size, i32 error, const char *more, size_t length) {
    Text told = text_of(size + length + 24);
    add(&told, word, size);
    add(&told, "\t", 1);
    add_number(&told, error);
    if (more) {
        add(&told, "\t", 1);
        add(&told, more, length);
    }
    say(told.bytes, told.length);
}

static i32 opened(const char *path, size_t length, i32 how, i32 flags, i32 *file) {
    i64 rights = how == DIRECTORY ? 0x4000 : how || flags ? 0x40 : 0x2;
    return path_open(ROOT, 1, (i32)(size_t)path, (i32)length, how, rights, rights, flags, (i32)(size_t)file);
}

/* One of the words about files and what else WASI has; false when it is none. */
static bool do_file(const char *line, size_t word, const char *rest, size_t size) {
    size_t first = 0;
    while (first < size && rest[first] != '\t') first++;
    const char *other = first < size ? rest + first + 1 : rest + size;
    size_t left = (size_t)(rest + size - other);
    i32 a = (i32)(size_t)rest, b = (i32)(size_t)other, error, file, done = 0;
    char *more = NULL;
    size_t length = 0;
    if (same(line, word, "write") || same(line, word, "append")) {
        error = opened(rest, first, line[0] == 'w' ? CREATE | TRUNCATE : CREATE, line[0] == 'w' ? 0 : APPEND, &file);
        if (!error) {
            i32 vector[2] = {b, (i32)left};
            error = fd_write(file, (i32)(size_t)vector, 1, (i32)(size_t)&done);
            fd_close(file);
        }
    } else if (same(line, word, "read")) {
        error = opened(rest, size, 0, 0, &file);
        if (!error) {
            more = take(65536);
            i32 vector[2] = {(i32)(size_t)more, 65536};
            error = fd_read(file, (i32)(size_t)vector, 1, (i32)(size_t)&done);
            length = error ? 0 : (size_t)done;
            fd_close(file);
        }
    } else if (same(line, word, "list")) {
        error = opened(rest, size, DIRECTORY, 0, &file);
        if (!error) {
            char *raw = take(16384);
            error = fd_readdir(file, (i32)(size_t)raw, 16384, 0, (i32)(size_t)&done);
            fd_close(file);
            more = take(16384);
            for (size_t at = 0; !error && at + 24 <= (size_t)done;) {
                uint32_t name;
                memcpy(&name, raw + at + 16, 4);
                if (at + 24 + name > (size_t)done) break;
                if (length) more[length++] = ' ';
                memcpy(more + length, raw + at + 24, name);
                length += name;
                at += 24 + name;
            }
        }
    } else if (same(line, word, "mkdir")) error = path_create_directory(ROOT, a, (i32)size);
    else if (same(line, word, "rmdir")) error = path_remove_directory(ROOT, a, (i32)size);
    else if (same(line, word, "unlink")) error = path_unlink_file(ROOT, a, (i32)size);
    else if (same(line, word, "rename")) error = path_rename(ROOT, a, (i32)first, ROOT, b, (i32)left);
    else if (same(line, word, "link")) error = path_link(ROOT, 0, a, (i32)first, ROOT, b, (i32)left);
    else if (same(line, word, "symlink")) error = path_symlink(a, (i32)first, ROOT, b, (i32)left);
    else if (same(line, word, "preopens")) {
        more = take(4096);
        for (file = ROOT;; file++) {
            i32 about[2] = {0, 0};
            error = fd_prestat_get(file, (i32)(size_t)about);
            if (error || length + (size_t)about[1] > 4000) break;
            if (length) more[length++] = ' ';
            fd_prestat_dir_name(file, (i32)(size_t)(more + length), about[1]);
            length += (size_t)about[1];
        }
        error = error == BADF ? 0 : error;
    } else if (same(line, word, "environ") || same(line, word, "args")) {
        i32 count = 0, bytes = 0;
        bool environ = line[0] == 'e';
        if (environ) error = environ_sizes_get((i32)(size_t)&count, (i32)(size_t)&bytes);
        else error = args_sizes_get((i32)(size_t)&count, (i32)(size_t)&bytes);
        i32 *places = take((size_t)count * 4 + 4);
        more = take((size_t)bytes + 4);
        if (!error && environ) error = environ_get((i32)(size_t)places, (i32)(size_t)more);
        else if (!error) error = args_get((i32)(size_t)places, (i32)(size_t)more);
        for (size_t i = 0; i < (size_t)bytes; i++) more[i] = more[i] ? more[i] : ' ';
        length = (size_t)bytes;
    } else if (same(line, word, "print")) {
        i32 vectors[4] = {b, (i32)left, (i32)(size_t)"\n", 1};
        error = fd_write(number_of(rest, first), (i32)(size_t)vectors, 2, (i32)(size_t)&done);
    } else if (same(line, word, "random")) {
        char bytes[16];
        error = random_get((i32)(size_t)bytes, sizeof bytes);
        Text hex = text_of(40);
        add_hex(&hex, bytes, sizeof bytes);
        more = hex.bytes;
        length = hex.length;
    } else if (same(line, word, "clock")) {
        i64 now = 0;
        error = clock_time_get(0, 1, (i32)(size_t)&now);
        Text seconds = text_of(16);
        add_number(&seconds, (i32)(now / 1000000000));
        more = seconds.bytes;
        length = seconds.length;
    } else {
        return false;
    }
    tell(line, word, error, more, length);
    return true;
}
#endif

static void do_line(const char *line, size_t length) {
    size_t word = 0;
    while (word < length && line[word] != '\t') word++;
    const char *rest = line + word + 1;
    size_t size = word < length ? length - word - 1 : 0;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (same(line, word, functions[i].name)) {
            call_function(&functions[i], rest, size);
            return;
        }
    }
    for (int i = 0; i < KEPT; i++) {
        if (same(line, word, words[i])) {
            keep(&kept[i], rest, size);
            keeps_something = true;
            return;
        }
    }
    if (same(line, word, "say")) say(rest, size);
    else if (same(line, word, "return")) returned = number_of(rest, size);
    else if (same(line, word, "trap")) __builtin_trap();
    else if (same(line, word, "loop")) for (volatile i32 i = 0;; i++);
    else if (same(line, word, "recurse")) {
        volatile i32 first = 0;
        returned = recurse(&first);
    }
    else if (same(line, word, "grow")) {
        Text told = text_of(32);
        add(&told, "grow\t", 5);
        add_number(&told, (i32)__builtin_wasm_memory_grow(0, (size_t)number_of(rest, size)));
        say(told.bytes, told.length);
    } else if (same(line, word, "answer")) {
        keep(&answer, rest, size);
        keeps_something = true;
    } else if (same(line, word, "answer-size")) answer_size = number_of(rest, size);
    else if (same(line, word, "answer-claim")) answer_claim = number_of(rest, size);
    else if (same(line, word, "hold")) held[*rest - '0'] = latest;
    else if (same(line, word, "repeat")) {
        size_t digits = 0;
        while (digits < size && rest[digits] != '\t') digits++;
        quiet = true;
        for (i32 left = number_of(rest, digits); left > 0 && digits < size; left--) {
            size_t before = top;
            do_line(rest + digits + 1, size - digits - 1);
            top = before;
        }
        quiet = false;
    }
#ifdef PROBE_FILES
    else if (same(line, word, "exit")) proc_exit(number_of(rest, size));
    else if (do_file(line, word, rest, size)) return;
#endif
#ifdef PROBE_ASSEMBLYSCRIPT
    else if (same(line, word, "abort")) {
        abort((i32)(size_t)string_object(rest, size), (i32)(size_t)string_object("probe.c", 7), 12, 34);
    }
#endif
    else if (length) {
        Text told = text_of(length + 16);
        add(&told, "no such word\t", 13);
        add(&told, line, word);
        say(told.bytes, told.length);
    }
}

static i32 run(const char *script, size_t length) {
    returned = 0;
    for (size_t i = 0; i < length;) {
        size_t end = i;
        while (end < length && script[end] != '\n') end++;
        do_line(script + i, end - i);
        i = end + 1;
    }
    return returned;
}

/* ---- The exports ------------------------------------------------------------------------------------------------- */

/* What a call takes is given back at its end, unless the script keeps something. */
#define CALL size_t before = top; keeps_something = false
#define OVER if (!keeps_something && before) top = before

static size_t hand_out(const char *text, size_t length, char *out, size_t room) {
    if (length <= room) memcpy(out, text, length);
    return length;
}

#ifdef PROBE_ASSEMBLYSCRIPT
/* An object has a header of 20 bytes; of it, hosts read the class at -8 and the size in bytes at -4. */
EXPORT("__new") void *new_object(size_t size, uint32_t class) {
    char *block = take(size + 20);
    if (!block) __builtin_trap();
    memset(block, 0, 20);
    uint32_t facts[2] = {class, (uint32_t)size};
    memcpy(block + 12, facts, 8);
    return block + 20;
}
EXPORT("__pin") void *pin(void *object) { return object; }
EXPORT("__unpin") void unpin(void *object) { (void)object; }

/* The string that UTF-8 stands for. */
static void *string_object(const char *text, size_t length) {
    uint16_t *units = take(2 * length + 2);
    size_t count = 0;
    for (size_t i = 0; i < length;) {
        unsigned first = (unsigned char)text[i++], more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        unsigned code = more ? first & (63u >> more) : first;
        for (; more && i < length; more--) code = code << 6 | ((unsigned char)text[i++] & 63);
        if (code > 0xFFFF) {
            units[count++] = (uint16_t)(0xD800 | (code - 0x10000) >> 10);
            code = 0xDC00 | (code & 0x3FF);
        }
        units[count++] = (uint16_t)code;
    }
    void *object = new_object(2 * count, 2);
    memcpy(object, units, 2 * count);
    return object;
}

/* The UTF-8 of a string. */
static Text text_in(const uint16_t *string) {
    size_t count = ((const uint32_t *)string)[-1] / 2;
    Text text = text_of(3 * count + 1);
    for (size_t i = 0; i < count; i++) {
        unsigned code = string[i];
        if (code >> 10 == 0x36 && i + 1 < count) {
            code = 0x10000 + ((code & 0x3FF) << 10 | (string[++i] & 0x3FFu));
            char bytes[4] = {(char)(0xF0 | code >> 18), (char)(0x80 | (code >> 12 & 63)),
                             (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))};
            add(&text, bytes, 4);
        } else {
            add_character(&text, code);
        }
    }
    return text;
}

static void *string_of(const char *text, size_t length) {
    void *object = string_object(text, length);
    if (answer_claim) ((i32 *)object)[-1] = answer_claim;
    return object;
}

enum { ROOM = 65536 };
#define TELLS(name, text) EXPORT(#name) void *name(void) { return string_object(text, sizeof(text) - 1); }
#define ANSWERS(name) \
    EXPORT(#name) void *name(const uint16_t *request) { \
        Text asked = text_in(request); \
        char *out = take(ROOM); \
        size_t size = name##_(asked.bytes, asked.length, out, ROOM); \
        return string_of(out, size > ROOM ? 0 : size); \
    }
#define ANSWERS_BYTES(name) \
    EXPORT(#name) void *name(const char *request, size_t length) { \
        char *out = take(ROOM); \
        size_t size = name##_(request, length, out, ROOM); \
        return string_of(out, size > ROOM ? 0 : size); \
    }
#else
EXPORT("allocate") void *allocate(size_t size) { return take(size); }
EXPORT("deallocate") void deallocate(char *memory, size_t size) {
    if ((size_t)memory + size + 16 == top) top = (size_t)memory;
}

#define TELLS(name, text) EXPORT(#name) size_t name(char *out, size_t room) { return hand_out(text, sizeof(text) - 1, out, room); }
#define ANSWERS(name) \
    EXPORT(#name) size_t name(const char *request, size_t length, char *out, size_t room) { \
        size_t size = name##_(request, length, out, room); \
        return answer_claim ? (size_t)answer_claim : size; \
    }
#define ANSWERS_BYTES ANSWERS
#endif

TELLS(plugin_id, "probe")
TELLS(plugin_name, "Probe")
TELLS(plugin_schema, "{\"type\":\"object\",\"properties\":{\"script\":{\"type\":\"string\"},\"hear\":{\"type\":\"boolean\"}}}")

EXPORT("plugin_start") i32 plugin_start(const char *config, size_t length) {
    for (int i = 0; i < KEPT; i++) kept[i].length = 0;
    answer.length = 0;
    answer_size = answer_claim = 0;
    const char *hear = after(config, length, "\"hear\"");
    hearing = hear && *hear == 't';
    const char *script = after(config, length, "\"script\"");
    if (!script || *script != '"') return 0;
    Text text = string_at(script, length - (size_t)(script - config));
    return run(text.bytes, text.length);
}

EXPORT("plugin_stop") i32 plugin_stop(void) {
    CALL;
    i32 result = run(kept[STOP].bytes, kept[STOP].length);
    OVER;
    return result;
}

EXPORT("poll") i32 poll(void) {
    CALL;
    i32 result = run(kept[POLL].bytes, kept[POLL].length);
    OVER;
    return result;
}

#ifdef PROBE_ASSEMBLYSCRIPT
EXPORT("delta_handler") void delta_handler(const uint16_t *string) {
    CALL;
    Text text = text_in(string);
    const char *delta = text.bytes;
    size_t length = text.length;
#else
EXPORT("delta_handler") void delta_handler(const char *delta, size_t length) {
    CALL;
#endif
    if (hearing) {
        Text told = text_of(length + 8);
        add(&told, "heard\t", 6);
        add(&told, delta, length);
        say(told.bytes, told.length);
    }
    run(kept[DELTA].bytes, kept[DELTA].length);
    const char *script = after(delta, length, "\"path\":\"probe.script\",\"value\"");
    if (script && *script == '"') {
        Text words = string_at(script, length - (size_t)(script - delta));
        run(words.bytes, words.length);
    }
    OVER;
}

/* Answers as the script asked; with what a handler of this kind answers ordinarily otherwise. */
static size_t answered(const char *ordinary, char *out, size_t room) {
    size_t length;
    if (answer_size) {
        length = (size_t)answer_size;
        if (length <= room) memset(out, 'x', length);
    } else {
        length = answer.length ? hand_out(answer.bytes, answer.length, out, room)
                               : hand_out(ordinary, length_of(ordinary), out, room);
    }
    return length;
}

TELLS(http_endpoints, "[{\"method\":\"GET\",\"path\":\"/run\",\"handler\":\"handle_run\"},"
    "{\"method\":\"POST\",\"path\":\"/run\",\"handler\":\"handle_run\"},"
    "{\"method\":\"GET\",\"path\":\"/items/:id\",\"handler\":\"handle_echo\"},"
    "{\"method\":\"POST\",\"path\":\"/items/:id\",\"handler\":\"handle_echo\"},"
    "{\"method\":\"PUT\",\"path\":\"/items/:id\",\"handler\":\"handle_echo\"},"
    "{\"method\":\"DELETE\",\"path\":\"/items/:id\",\"handler\":\"handle_echo\"},"
    "{\"method\":\"GET\",\"path\":\"/missing\",\"handler\":\"handle_not_there\"}]")

static size_t handle_run_(const char *request, size_t length, char *out, size_t room) {
    CALL;
    run(kept[HTTP].bytes, kept[HTTP].length);
    const char *body = after(request, length, "\"script\"");
    if (body && *body == '"') {
        Text text = string_at(body, length - (size_t)(body - request));
        run(text.bytes, text.length);
    }
    size_t size = answered("{\"statusCode\":200,\"headers\":{\"Content-Type\":\"application/json\"},\"body\":\"{}\"}", out, room);
    OVER;
    return size;
}
ANSWERS_BYTES(handle_run)

/* Says the request as it came, and answers with it as the body. */
static size_t handle_echo_(const char *request, size_t length, char *out, size_t room) {
    CALL;
    Text told = text_of(length + 16);
    add(&told, "request\t", 8);
    add(&told, request, length);
    say(told.bytes, told.length);
    Text made = text_of(length + 64);
    add(&made, "{\"statusCode\":200,\"body\":", 25);
    add(&made, request, length);
    add(&made, "}", 1);
    size_t size = hand_out(made.bytes, made.length, out, room);
    OVER;
    return size;
}
ANSWERS_BYTES(handle_echo)

static size_t put(const char *name, const char *value, size_t length, char *out, size_t room) {
    CALL;
    Text told = text_of(length + 64);
    add(&told, name, length_of(name));
    add(&told, "\t", 1);
    add(&told, value, length);
    say(told.bytes, told.length);
    run(kept[PUT].bytes, kept[PUT].length);
    if (length && *value == '"') {
        Text text = string_at(value, length);
        run(text.bytes, text.length);
    }
    size_t size = answered("{\"state\":\"COMPLETED\",\"statusCode\":200}", out, room);
    OVER;
    return size;
}

#define PUT_HANDLER(name, path) \
    static size_t name##_(const char *value, size_t length, char *out, size_t room) { \
        return put("put " path, value, length, out, room); \
    } \
    ANSWERS(name)

PUT_HANDLER(handle_put_vessels_self_probe_script, "probe.script")
PUT_HANDLER(handle_put_vessels_self_probe_caseKept_switch, "probe.caseKept.switch")

static size_t ask(const char *name, const char *ordinary, const char *request, size_t length, char *out, size_t room) {
    CALL;
    Text told = text_of(length + 64);
    add(&told, name, length_of(name));
    add(&told, "\t", 1);
    add(&told, request, length);
    say(told.bytes, told.length);
    run(kept[RESOURCE].bytes, kept[RESOURCE].length);
    size_t size = answered(ordinary, out, room);
    OVER;
    return size;
}

#define HANDLER(name, ordinary) \
    static size_t name##_(const char *request, size_t length, char *out, size_t room) { \
        return ask(#name, ordinary, request, length, out, room); \
    } \
    ANSWERS(name)

HANDLER(resources_list_resources, "{\"one\":{\"name\":\"One\"}}")
HANDLER(resources_get_resource, "{\"name\":\"One\"}")
HANDLER(resources_set_resource, "")
HANDLER(resources_delete_resource, "")
HANDLER(weather_get_observations, "[{\"kind\":\"observation\"}]")
HANDLER(weather_get_forecasts, "[{\"kind\":\"forecast\"}]")
HANDLER(weather_get_warnings, "[{\"kind\":\"warning\"}]")
HANDLER(radar_get_radar_info, "{\"name\":\"Radar\"}")
HANDLER(radar_set_power, "{\"success\":true}")

#ifdef PROBE_ASSEMBLYSCRIPT
HANDLER(radar_get_radars, "[\"radar-1\"]")
#else
EXPORT("radar_get_radars") size_t radar_get_radars(char *out, size_t room) {
    return ask("radar_get_radars", "[\"radar-1\"]", "", 0, out, room);
}
#endif
