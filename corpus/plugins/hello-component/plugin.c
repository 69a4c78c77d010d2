/*
 * A Signal K plugin that is a WebAssembly component, in C and with nothing but C: no library, no generated code.
 *
 * It counts its starts in a file, tells the count in a delta, and answers every delta that carries a speed over
 * ground with a delta that says how many it has heard.
 */
#include "canonical.h"
#include "files.h"
#include "memory.h"
#include "text.h"

#define DELTA_HANDLER "signalk:plugin-api/delta-handler@1.0.0"
#define PLUGIN_INTERFACE "signalk:plugin-api/plugin-interface@1.0.0"
#define PLUGIN_STATUS "signalk:plugin-api/plugin-status@1.0.0"

#define ID STRING("hello-component")
#define NAME STRING("Hello Component")
#define SCHEMA                                                                                              \
    STRING("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{"    \
           "\"answer\":{\"type\":\"boolean\",\"title\":\"Answer deltas\",\"default\":true}}}")

/* What is in the directory "data" stays from run to run. */
#define COUNTER_FILE STRING("data/starts.txt")
enum { COUNTER_DIGITS = 9 };

IMPORT(PLUGIN_STATUS, "set-plugin-status")
void set_plugin_status(const char *message, size_t length);

IMPORT(PLUGIN_STATUS, "set-plugin-error")
void set_plugin_error(const char *message, size_t length);

IMPORT(DELTA_HANDLER, "handle-message")
void handle_message(const char *plugin_id, size_t id_length, const char *context, size_t context_length,
                    const Update *updates, size_t update_count);

/* Whether deltas are answered: while the plugin runs, if the configuration allows it. */
static bool answering;
static unsigned heard;

/* ---- Telling the server something ----------------------------------------------------------------------------- */

static void set_status(String text) {
    set_plugin_status(text.bytes, text.length);
}

static void set_error(String text) {
    set_plugin_error(text.bytes, text.length);
}

/*
 * Emits one update on the own vessel. The empty timestamp lets the server fill in the time. Without the capability
 * dataWrite this call does not return: the server ends it, and there is no way to ask beforehand.
 */
static void emit(const PathValue *values, size_t count) {
    String context = STRING("vessels.self");
    Update update = {.source = {.label = ID}, .timestamp = STRING(""), .values = {values, count}};
    handle_message(ID.bytes, ID.length, context.bytes, context.length, &update, 1);
}

/* ---- What the server calls ------------------------------------------------------------------------------------ */

/* Results that are too large for a register are returned by address, and read before the next call. */
static String returned_string;
static Result returned_result;

static String *return_string(String text) {
    returned_string = text;
    return &returned_string;
}

EXPORT(PLUGIN_INTERFACE "#id")
String *plugin_id(void) {
    return return_string(ID);
}

EXPORT(PLUGIN_INTERFACE "#name")
String *plugin_name(void) {
    return return_string(NAME);
}

EXPORT(PLUGIN_INTERFACE "#schema")
String *plugin_schema(void) {
    return return_string(SCHEMA);
}

static Result start(String config) {
    heard = 0;
    answering = false;
    if (!is_object(config)) {
        String message = STRING("The configuration is not a JSON object");
        set_error(message);
        return (Result){.failed = 1, .error = message};
    }
    answering = !has_member(config, STRING("\"answer\""), STRING("false"));

    unsigned starts = parse_count(read_file(COUNTER_FILE, 32), COUNTER_DIGITS) + 1;
    Text count = {.length = 0};
    append_number(&count, starts);
    bool kept = write_file(COUNTER_FILE, as_string(&count));
    if (!kept) {
        set_error(STRING("Cannot keep the count of starts in /data/starts.txt"));
    }

    PathValue values[] = {
        {STRING("plugins.hello.starts"), as_string(&count)},
        {STRING("plugins.hello.language"), STRING("\"C component\"")},
    };
    emit(values, sizeof values / sizeof values[0]);
    if (kept) {
        Text status = {.length = 0};
        append(&status, "Started, run ");
        append_number(&status, starts);
        set_status(as_string(&status));
    }
    return (Result){.failed = 0};
}

EXPORT(PLUGIN_INTERFACE "#start")
Result *plugin_start(const char *config, size_t length) {
    returned_result = start((String){config, length});
    reset_memory();
    return &returned_result;
}

EXPORT(PLUGIN_INTERFACE "#stop")
Result *plugin_stop(void) {
    answering = false;
    heard = 0;
    set_status(STRING("Stopped"));
    returned_result = (Result){.failed = 0};
    return &returned_result;
}

static bool carries(const Update *updates, size_t count, String path) {
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < updates[i].values.count; j++) {
            if (equal(updates[i].values.items[j].path, path)) {
                return true;
            }
        }
    }
    return false;
}

EXPORT(DELTA_HANDLER "#on-delta")
void on_delta(const char *context, size_t context_length, const Update *updates, size_t update_count) {
    (void)context;
    (void)context_length;
    if (answering && carries(updates, update_count, STRING("navigation.speedOverGround"))) {
        Text count = {.length = 0};
        append_number(&count, ++heard);
        PathValue value = {STRING("plugins.hello.heard"), as_string(&count)};
        emit(&value, 1);
    }
    reset_memory();
}

/* The interface has this function too, in the other direction. No server calls it. */
EXPORT(DELTA_HANDLER "#handle-message")
void unused_handle_message(const char *plugin_id, size_t id_length, const char *context, size_t context_length,
                           const Update *updates, size_t update_count) {
    (void)plugin_id, (void)id_length, (void)context, (void)context_length, (void)updates, (void)update_count;
    reset_memory();
}
