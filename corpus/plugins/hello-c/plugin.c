/*
 * A Signal K plugin in C.
 *
 * It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
 * ground with a delta that says how many it has heard.
 */
#include "signalk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char ID[] = "hello-c";
static const char NAME[] = "Hello C";
static const char SCHEMA[] =
    "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{"
    "\"answer\":{\"type\":\"boolean\",\"title\":\"Answer deltas\",\"default\":true}}}";

/* The server gives the plugin a directory of its own as "/". What is in /data stays from run to run. */
static const char COUNTER_FILE[] = "/data/starts.txt";

enum { COUNTER_DIGITS = 9 };

/* Whether deltas are answered: while the plugin runs, if the configuration and the server allow it. */
static bool answering;
static unsigned heard;

/* ---- Memory for the server's texts --------------------------------------------------------------------------- */

SK_EXPORT("allocate") void *allocate(size_t size) {
    return malloc(size > 0 ? size : 1); /* even a text of no bytes has an address */
}

SK_EXPORT("deallocate") void deallocate(void *memory, size_t size) {
    (void)size;
    free(memory);
}

/*
 * Hands a text to the server, which offers room for `room` bytes. The result is the length of the text. A text that
 * does not fit is not written at all; the server sees this from the length.
 */
static size_t hand_out(const char *text, char *out, size_t room) {
    size_t length = strlen(text);
    if (length <= room) {
        memcpy(out, text, length);
    }
    return length;
}

/* ---- Putting texts together (printf would make the plugin four times as large) --------------------------------- */

typedef struct {
    char bytes[192];
    size_t length;
} Text;

/* What does not fit is cut off. */
static void append(Text *text, const char *more) {
    while (*more != '\0' && text->length < sizeof text->bytes) {
        text->bytes[text->length++] = *more++;
    }
}

static void append_number(Text *text, unsigned number) {
    char digits[11] = {0}; /* ten digits at most, and the final NUL */
    size_t first = sizeof digits - 1;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(text, digits + first);
}

/* ---- Telling the server something ----------------------------------------------------------------------------- */

static void set_error(const char *text) {
    sk_set_error(text, strlen(text));
}

static bool has_capability(const char *name) {
    return sk_has_capability(name, strlen(name)) == 1;
}

/* The server fills in the source, which is always the plugin, and the time. */
static void emit(const Text *delta) {
    sk_handle_message(delta->bytes, delta->length, 1);
}

/* ---- Looking into JSON ---------------------------------------------------------------------------------------- */

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static size_t skip_space(const char *text, size_t length, size_t at) {
    while (at < length && is_space(text[at])) {
        at++;
    }
    return at;
}

/* Whether `expected` stands in the text at an offset. */
static bool stands_at(const char *text, size_t length, size_t at, const char *expected) {
    size_t size = strlen(expected);
    return size <= length - at && memcmp(text + at, expected, size) == 0;
}

static bool is_object(const char *text, size_t length) {
    return stands_at(text, length, skip_space(text, length, 0), "{");
}

/*
 * Whether some object in the JSON text has a member of this name and value, both given as JSON. It needs no parser:
 * quotes inside of JSON strings are escaped, so the name in its quotes, followed by a colon, is always a name.
 */
static bool has_member(const char *text, size_t length, const char *name, const char *value) {
    size_t name_size = strlen(name);
    for (size_t at = 0; at < length; at++) {
        if (!stands_at(text, length, at, name)) {
            continue;
        }
        size_t colon = skip_space(text, length, at + name_size);
        if (!stands_at(text, length, colon, ":")) {
            continue;
        }
        if (stands_at(text, length, skip_space(text, length, colon + 1), value)) {
            return true;
        }
    }
    return false;
}

/* ---- The count of starts -------------------------------------------------------------------------------------- */

/* The number in the file. No file, or anything else in it, counts as 0. */
static unsigned read_counter(void) {
    char text[32];
    int file = open(COUNTER_FILE, O_RDONLY);
    if (file < 0) {
        return 0;
    }
    ssize_t size = read(file, text, sizeof text);
    close(file);
    size_t length = size > 0 ? (size_t)size : 0;

    unsigned count = 0;
    size_t first = skip_space(text, length, 0);
    size_t at = first;
    while (at < length && at - first < COUNTER_DIGITS && text[at] >= '0' && text[at] <= '9') {
        count = 10 * count + (unsigned)(text[at] - '0');
        at++;
    }
    return skip_space(text, length, at) == length ? count : 0;
}

static bool write_counter(unsigned count) {
    Text text = {0};
    append_number(&text, count);
    int file = open(COUNTER_FILE, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) {
        return false;
    }
    bool written = write(file, text.bytes, text.length) == (ssize_t)text.length;
    return close(file) == 0 && written;
}

/* ---- The plugin ----------------------------------------------------------------------------------------------- */

SK_EXPORT("plugin_id") size_t plugin_id(char *out, size_t room) {
    return hand_out(ID, out, room);
}

SK_EXPORT("plugin_name") size_t plugin_name(char *out, size_t room) {
    return hand_out(NAME, out, room);
}

SK_EXPORT("plugin_schema") size_t plugin_schema(char *out, size_t room) {
    return hand_out(SCHEMA, out, room);
}

/* 0 means that the plugin runs. */
SK_EXPORT("plugin_start") int32_t plugin_start(const char *config, size_t length) {
    bool healthy = true;

    heard = 0;
    answering = false;
    if (!is_object(config, length)) {
        set_error("The configuration is not a JSON object");
        return 1;
    }

    bool may_emit = has_capability("dataWrite");
    if (!may_emit) {
        set_error("The capability dataWrite is missing: nothing will be emitted");
        healthy = false;
    }
    answering = may_emit && !has_member(config, length, "\"answer\"", "false");

    unsigned starts = read_counter() + 1;
    if (!write_counter(starts)) {
        set_error("Cannot keep the count of starts in /data/starts.txt");
        healthy = false;
    }

    if (may_emit) {
        Text delta = {0};
        append(&delta, "{\"context\":\"vessels.self\",\"updates\":[{\"values\":["
                       "{\"path\":\"plugins.hello.starts\",\"value\":");
        append_number(&delta, starts);
        append(&delta, "},{\"path\":\"plugins.hello.language\",\"value\":\"C\"}]}]}");
        emit(&delta);
    }
    if (healthy) {
        Text status = {0};
        append(&status, "Started, run ");
        append_number(&status, starts);
        sk_set_status(status.bytes, status.length);
    }
    return 0;
}

SK_EXPORT("delta_handler") void delta_handler(const char *delta, size_t length) {
    if (!answering || !has_member(delta, length, "\"path\"", "\"navigation.speedOverGround\"")) {
        return;
    }
    heard++;
    Text answer = {0};
    append(&answer, "{\"context\":\"vessels.self\",\"updates\":[{\"values\":["
                    "{\"path\":\"plugins.hello.heard\",\"value\":");
    append_number(&answer, heard);
    append(&answer, "}]}]}");
    emit(&answer);
}

/* 0 means that the plugin has stopped. */
SK_EXPORT("plugin_stop") int32_t plugin_stop(void) {
    answering = false;
    heard = 0;
    sk_set_status("Stopped", strlen("Stopped"));
    return 0;
}
