/*
 * The twin in C, as a component: no library, no generated code. What it does is in ../SPEC.md; what it shares with the
 * core module is in twin.c.
 */
#include "common/twin.h"
#include "sdk/component.h"

#define ID SK_TEXT("twin-component-c")
#define NAME SK_TEXT("Twin (C component)")
#define FILE_NAME SK_TEXT("data/twin.json")

static Speeds speeds;

/* ---- Telling the server something ----------------------------------------------------------------------------- */

static void set_status(SkText text) {
    sk_set_plugin_status(text.bytes, text.length);
}

static void set_error(SkText text) {
    sk_set_plugin_error(text.bytes, text.length);
}

/*
 * Emits one update on the own vessel. The empty timestamp lets the server fill in the time. Without the capability
 * dataWrite this call does not return: the server ends it, and there is no way to ask beforehand.
 */
static void emit(const SkPathValue *values, size_t count) {
    SkText context = SK_TEXT("vessels.self");
    SkUpdate update = {.source = {.label = ID}, .timestamp = SK_TEXT(""), .values = {values, count}};
    sk_handle_message(ID.bytes, ID.length, context.bytes, context.length, &update, 1);
}

/* A value that is a number of thousandths, written to the end of `out`. */
static SkPathValue value_of(SkText path, uint32_t thousandths, SkWriter *out) {
    size_t begin = out->length;
    sk_put_thousandths(out, thousandths);
    return (SkPathValue){path, {out->bytes + begin, out->length - begin}};
}

static SkPathValue count_of(SkText path, uint32_t count, SkWriter *out) {
    size_t begin = out->length;
    sk_put_number(out, count);
    return (SkPathValue){path, {out->bytes + begin, out->length - begin}};
}

static void notify(SkText json) {
    SkPathValue value = {SK_TEXT(ALARM), json};
    emit(&value, 1);
}

/* ---- What the server calls ------------------------------------------------------------------------------------ */

/* Results that are too large for a register are returned by address, and read before the next call. */
static SkText returned_text;
static SkResult returned_result;

static SkText *return_text(SkText text) {
    returned_text = text;
    return &returned_text;
}

SK_EXPORT(SK_PLUGIN_INTERFACE "#id") SkText *plugin_id(void) {
    return return_text(ID);
}

SK_EXPORT(SK_PLUGIN_INTERFACE "#name") SkText *plugin_name(void) {
    return return_text(NAME);
}

SK_EXPORT(SK_PLUGIN_INTERFACE "#schema") SkText *plugin_schema(void) {
    return return_text(SCHEMA);
}

static SkResult start(SkText config) {
    SkText wrong = configured(config, &speeds);
    if (wrong.length > 0) {
        set_error(wrong);
        return (SkResult){.failed = 1, .error = wrong};
    }
    uint32_t starts;
    SkText places;
    static char file[FILE_BYTES + 256];
    SkWriter kept = SK_WRITER(file);
    SkText found = sk_read_file(FILE_NAME, FILE_BYTES + 1);
    read_kept(found.length <= FILE_BYTES ? found : SK_TEXT(""), &starts, &places);
    starts++;
    put_kept(&kept, starts, places);
    bool healthy = sk_write_file(FILE_NAME, sk_written(&kept));
    if (!healthy) {
        set_error(FILE_ERROR);
    }

    char room[64];
    SkWriter figures = SK_WRITER(room);
    SkPathValue values[] = {
        count_of(SK_TEXT(STARTS), starts, &figures),
        value_of(SK_TEXT(LIMIT), speeds.limit, &figures),
    };
    emit(values, sizeof values / sizeof values[0]);
    if (healthy) {
        SkWriter status = SK_WRITER(room);
        sk_put(&status, SK_TEXT("Started, run "));
        sk_put_number(&status, starts);
        set_status(sk_written(&status));
    }
    return (SkResult){.failed = 0};
}

SK_EXPORT(SK_PLUGIN_INTERFACE "#start") SkResult *plugin_start(const char *config, size_t length) {
    returned_result = start((SkText){config, length});
    sk_reset_memory();
    return &returned_result;
}

SK_EXPORT(SK_PLUGIN_INTERFACE "#stop") SkResult *plugin_stop(void) {
    if (speeds.alarmed) {
        speeds.alarmed = false;
        notify(SK_TEXT("null"));
    }
    set_status(SK_TEXT("Stopped"));
    returned_result = (SkResult){.failed = 0};
    return &returned_result;
}

static bool hear_all(const SkUpdate *updates, size_t count) {
    bool heard = false;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < updates[i].values.count; j++) {
            SkPathValue value = updates[i].values.items[j];
            if (sk_equal(value.path, SPEED)) {
                heard |= hear(&speeds, sk_json(value.value));
            }
        }
    }
    return heard;
}

static void tell(void) {
    char room[64], text[512], json[640];
    SkWriter figures = SK_WRITER(room), message = SK_WRITER(text), notification = SK_WRITER(json);
    SkPathValue values[] = {
        count_of(SK_TEXT(HEARD), speeds.heard, &figures),
        value_of(SK_TEXT(MEAN), mean(&speeds), &figures),
        value_of(SK_TEXT(MAX), speeds.max, &figures),
    };
    emit(values, sizeof values / sizeof values[0]);

    SkOption depth;
    sk_get_self_path(DEPTH, sizeof DEPTH - 1, &depth);
    if (alarm_changes(&speeds, depth.some ? sk_json(depth.value) : SK_TEXT(""), &message)) {
        put_notification(&notification, speeds.alarmed, sk_written(&message));
        notify(sk_written(&notification));
    }
}

SK_EXPORT(SK_DELTA_HANDLER "#on-delta")
void on_delta(const char *context, size_t context_length, const SkUpdate *updates, size_t update_count) {
    (void)context, (void)context_length;
    if (hear_all(updates, update_count)) {
        tell();
    }
    sk_reset_memory();
}

/* The interface has this function too, in the other direction. No server calls it. */
SK_EXPORT(SK_DELTA_HANDLER "#handle-message")
void unused_handle_message(const char *plugin_id, size_t id_length, const char *context, size_t context_length,
                           const SkUpdate *updates, size_t update_count) {
    (void)plugin_id, (void)id_length, (void)context, (void)context_length, (void)updates, (void)update_count;
    sk_reset_memory();
}
