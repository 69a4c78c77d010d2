/*
 * The twin in C, as a core module. What it does is in ../SPEC.md; what it shares with the component is in twin.c.
 */
#include "common/twin.h"
#include "sdk/core.h"

#define KIND SK_TEXT("places")
#define REPORT "plugins.twin.report"
#define META                                                                                   \
    SK_TEXT("{\"context\":\"vessels.self\",\"updates\":[{\"meta\":[{\"path\":\"plugins.twin.mean\"," \
            "\"value\":{\"units\":\"m/s\",\"description\":\"Mean speed since the start\"}}]}]}")

static const char FILE_NAME[] = "/data/twin.json";

static Speeds speeds;
static uint32_t starts, seconds, reported;
static bool may_emit;

/* The places as a JSON object. Two rooms: a change is made from one to the other. */
static char rooms[2][FILE_BYTES];
static SkText places;

/* Where answers and deltas are put together; none is needed any more when the next begins. */
static char answer[FILE_BYTES + 256];
static char delta[1024];

/* ---- Telling the server something ----------------------------------------------------------------------------- */

static void set_error(SkText text) {
    sk_set_error(text.bytes, text.length);
}

static void add_number(SkWriter *message, const char *path, uint32_t number) {
    sk_begin_value(message, path);
    sk_put_number(message, number);
    sk_end_value(message);
}

static void add_thousandths(SkWriter *message, const char *path, uint32_t thousandths) {
    sk_begin_value(message, path);
    sk_put_thousandths(message, thousandths);
    sk_end_value(message);
}

static void emit(SkWriter *message) {
    if (may_emit) {
        sk_emit(message);
    }
}

static void notify(SkText value) {
    if (may_emit) {
        sk_publish_notification(ALARM, sizeof ALARM - 1, value.bytes, value.length);
    }
}

/* `"heard":…,"mean":…,"max":…` */
static void put_figures(SkWriter *out) {
    sk_put(out, SK_TEXT("\"heard\":"));
    sk_put_number(out, speeds.heard);
    sk_put(out, SK_TEXT(",\"mean\":"));
    sk_put_thousandths(out, mean(&speeds));
    sk_put(out, SK_TEXT(",\"max\":"));
    sk_put_thousandths(out, speeds.max);
}

/* ---- The file --------------------------------------------------------------------------------------------------- */

static bool keep(SkText fresh) {
    SkWriter file = SK_WRITER(answer);
    put_kept(&file, starts, fresh);
    return sk_write_file(FILE_NAME, sk_written(&file));
}

/* ---- What it is --------------------------------------------------------------------------------------------------- */

SK_EXPORT("plugin_id") size_t plugin_id(char *out, size_t room) {
    return sk_hand_out(SK_TEXT("twin-c"), out, room);
}

SK_EXPORT("plugin_name") size_t plugin_name(char *out, size_t room) {
    return sk_hand_out(SK_TEXT("Twin (C)"), out, room);
}

SK_EXPORT("plugin_schema") size_t plugin_schema(char *out, size_t room) {
    return sk_hand_out(SCHEMA, out, room);
}

SK_EXPORT("http_endpoints") size_t http_endpoints(char *out, size_t room) {
    return sk_hand_out(SK_TEXT("[{\"method\":\"GET\",\"path\":\"/api/state\",\"handler\":\"http_get_state\"},"
                            "{\"method\":\"GET\",\"path\":\"/api/places/:id\",\"handler\":\"http_get_place\"},"
                            "{\"method\":\"POST\",\"path\":\"/api/reset\",\"handler\":\"http_post_reset\"}]"),
                    out, room);
}

/* ---- Its life ----------------------------------------------------------------------------------------------------- */

/* 0 means that the plugin runs. */
SK_EXPORT("plugin_start") int32_t plugin_start(const char *config, size_t length) {
    SkText wrong = configured((SkText){config, length}, &speeds);
    if (wrong.length > 0) {
        set_error(wrong);
        return 1;
    }
    bool healthy = true;
    seconds = reported = 0;
    may_emit = sk_has_capability("dataWrite", 9) == 1;
    if (!may_emit) {
        set_error(SK_TEXT("The capability dataWrite is missing"));
        healthy = false;
    }

    static char file[FILE_BYTES];
    SkText found;
    read_kept(sk_read_file(FILE_NAME, file, sizeof file), &starts, &found);
    SkWriter copy = SK_WRITER(rooms[0]);
    sk_put(&copy, found);
    places = sk_written(&copy);
    starts++;
    if (!keep(places)) {
        set_error(FILE_ERROR);
        healthy = false;
    }

    if (sk_register_put_handler("vessels.self", 12, LIMIT, sizeof LIMIT - 1) != 1) {
        set_error(SK_TEXT("The capability putHandlers is missing"));
        healthy = false;
    }
    if (sk_register_resource_provider(KIND.bytes, KIND.length) != 1) {
        set_error(SK_TEXT("The capability resourceProvider is missing"));
        healthy = false;
    }

    SkWriter message = SK_WRITER(delta);
    add_number(&message, STARTS, starts);
    add_thousandths(&message, LIMIT, speeds.limit);
    emit(&message);
    if (may_emit) {
        sk_handle_message(META.bytes, META.length, 1);
    }
    if (healthy) {
        message.length = 0;
        sk_put(&message, SK_TEXT("Started, run "));
        sk_put_number(&message, starts);
        sk_set_status(message.bytes, message.length);
    }
    return 0;
}

SK_EXPORT("delta_handler") void delta_handler(const char *text, size_t length) {
    SkText updates = sk_member(sk_json((SkText){text, length}), SK_TEXT("updates"));
    SkText update, value;
    bool heard = false;
    for (size_t at = 0; sk_next(updates, &at, NULL, &update);) {
        SkText values = sk_member(update, SK_TEXT("values"));
        for (size_t inner = 0; sk_next(values, &inner, NULL, &value);) {
            if (sk_is_string(sk_member(value, SK_TEXT("path")), SPEED)) {
                heard |= hear(&speeds, sk_member(value, SK_TEXT("value")));
            }
        }
    }
    if (!heard) {
        return;
    }
    SkWriter message = SK_WRITER(delta);
    add_number(&message, HEARD, speeds.heard);
    add_thousandths(&message, MEAN, mean(&speeds));
    add_thousandths(&message, MAX, speeds.max);
    emit(&message);

    char depth[64];
    int32_t size = sk_get_self_path(DEPTH, sizeof DEPTH - 1, depth, sizeof depth);
    SkWriter why = SK_WRITER(answer);
    if (alarm_changes(&speeds, (SkText){depth, size > 0 ? (size_t)size : 0}, &why)) {
        message.length = 0; /* where nothing may be emitted, it is still full */
        put_notification(&message, speeds.alarmed, sk_written(&why));
        notify(sk_written(&message));
    }
}

/* Called once a second. */
SK_EXPORT("poll") int32_t poll(void) {
    if (++seconds >= speeds.every) {
        seconds = 0;
        if (speeds.heard != reported) {
            SkWriter message = SK_WRITER(delta);
            reported = speeds.heard;
            sk_begin_value(&message, REPORT);
            sk_put(&message, SK_TEXT("{"));
            put_figures(&message);
            sk_put(&message, SK_TEXT("}"));
            sk_end_value(&message);
            emit(&message);
        }
    }
    return 0;
}

/* 0 means that the plugin has stopped. */
SK_EXPORT("plugin_stop") int32_t plugin_stop(void) {
    if (speeds.alarmed) {
        speeds.alarmed = false;
        notify(SK_TEXT("null"));
    }
    sk_set_status("Stopped", 7);
    return 0;
}

/* ---- What it is asked to do --------------------------------------------------------------------------------------- */

SK_EXPORT("handle_put_vessels_self_plugins_twin_limit")
size_t put_limit(const char *value, size_t length, char *out, size_t room) {
    if (!read_limit(sk_json((SkText){value, length}), &speeds.limit)) {
        return sk_hand_out(SK_TEXT("{\"state\":\"COMPLETED\",\"statusCode\":400,"
                                "\"message\":\"The limit is a number from 0 to 1000\"}"),
                        out, room);
    }
    SkWriter message = SK_WRITER(delta);
    add_thousandths(&message, LIMIT, speeds.limit);
    emit(&message);
    message.length = 0;
    sk_put(&message, SK_TEXT("{\"limit\":"));
    sk_put_thousandths(&message, speeds.limit);
    sk_put(&message, SK_TEXT(",\"every\":"));
    sk_put_number(&message, speeds.every);
    sk_put(&message, speeds.notify ? SK_TEXT(",\"notify\":true}") : SK_TEXT(",\"notify\":false}"));
    sk_save_config(message.bytes, message.length);
    return sk_hand_out(SK_TEXT("{\"state\":\"COMPLETED\",\"statusCode\":200}"), out, room);
}

/* An answer to an HTTP request, up to its body. */
static SkWriter begin_answer(SkText status) {
    SkWriter writer = SK_WRITER(answer);
    sk_put(&writer, SK_TEXT("{\"statusCode\":"));
    sk_put(&writer, status);
    sk_put(&writer, SK_TEXT(",\"headers\":{\"Content-Type\":\"application/json\"},\"body\":"));
    return writer;
}

static size_t end_answer(SkWriter *writer, char *out, size_t room) {
    sk_put(writer, SK_TEXT("}"));
    return sk_hand_out(sk_written(writer), out, room);
}

SK_EXPORT("http_get_state") size_t http_get_state(const char *request, size_t length, char *out, size_t room) {
    (void)request, (void)length;
    SkWriter writer = begin_answer(SK_TEXT("200"));
    sk_put(&writer, SK_TEXT("{\"starts\":"));
    sk_put_number(&writer, starts);
    sk_put(&writer, SK_TEXT(",\"limit\":"));
    sk_put_thousandths(&writer, speeds.limit);
    sk_put(&writer, SK_TEXT(","));
    put_figures(&writer);
    sk_put(&writer, speeds.alarmed ? SK_TEXT(",\"alarm\":true}") : SK_TEXT(",\"alarm\":false}"));
    return end_answer(&writer, out, room);
}

/* The id that is the member "id" of an object, as a text of its own; false if it is none. */
static bool asked_id(SkText object, SkWriter *id) {
    return read_id(sk_member(object, SK_TEXT("id")), id);
}

static SkText place_of(SkText object) {
    char room[64];
    SkWriter id = SK_WRITER(room);
    return asked_id(object, &id) ? sk_member(places, sk_written(&id)) : SK_TEXT("");
}

SK_EXPORT("http_get_place") size_t http_get_place(const char *request, size_t length, char *out, size_t room) {
    SkText place = place_of(sk_member(sk_json((SkText){request, length}), SK_TEXT("params")));
    SkWriter writer = begin_answer(place.length > 0 ? SK_TEXT("200") : SK_TEXT("404"));
    sk_put(&writer, place.length > 0 ? place : SK_TEXT("{\"error\":\"There is no such place\"}"));
    return end_answer(&writer, out, room);
}

SK_EXPORT("http_post_reset") size_t http_post_reset(const char *request, size_t length, char *out, size_t room) {
    (void)request, (void)length;
    speeds.heard = speeds.last = speeds.max = reported = 0;
    speeds.sum = 0;
    SkWriter writer = begin_answer(SK_TEXT("200"));
    sk_put(&writer, SK_TEXT("{\"heard\":0}"));
    return end_answer(&writer, out, room);
}

/* ---- The places --------------------------------------------------------------------------------------------------- */

SK_EXPORT("resources_list_resources") size_t list_places(const char *request, size_t length, char *out, size_t room) {
    SkText kind = sk_member(sk_json((SkText){request, length}), SK_TEXT("resourceType"));
    return sk_hand_out(sk_is_string(kind, KIND) ? places : SK_TEXT("{}"), out, room);
}

SK_EXPORT("resources_get_resource") size_t get_place(const char *request, size_t length, char *out, size_t room) {
    SkText asked = sk_json((SkText){request, length});
    SkText place = sk_is_string(sk_member(asked, SK_TEXT("resourceType")), KIND) ? place_of(asked) : SK_TEXT("");
    return sk_hand_out(place.length > 0 ? place : SK_TEXT("{}"), out, room);
}

/* Puts a place at the end of all places, or takes it away where `place` is empty. Returns what went wrong. */
static SkText change(SkText id, SkText place) {
    SkWriter fresh = SK_WRITER(rooms[places.bytes == rooms[0]]);
    SkText name, value;
    sk_put(&fresh, SK_TEXT("{"));
    for (size_t at = 0; sk_next(places, &at, &name, &value);) {
        if (!sk_is_string(name, id)) {
            sk_put(&fresh, fresh.length > 1 ? SK_TEXT(",") : SK_TEXT(""));
            sk_put(&fresh, name);
            sk_put(&fresh, SK_TEXT(":"));
            sk_put(&fresh, value);
        }
    }
    if (place.length > 0) {
        sk_put(&fresh, fresh.length > 1 ? SK_TEXT(",\"") : SK_TEXT("\""));
        sk_put(&fresh, id);
        sk_put(&fresh, SK_TEXT("\":"));
        sk_put(&fresh, place);
    }
    sk_put(&fresh, SK_TEXT("}"));
    SkWriter whole = SK_WRITER(answer);
    put_kept(&whole, starts, sk_written(&fresh));
    if (place.length > 0 && (!sk_fits(&fresh) || whole.length > FILE_BYTES_AT_MOST)) {
        return SK_TEXT("There is no room for it");
    }
    if (!keep(sk_written(&fresh))) {
        return FILE_ERROR;
    }
    places = sk_written(&fresh);
    return SK_TEXT("");
}

static SkText asked_change(SkText request, bool put) {
    char room[64];
    SkWriter id = SK_WRITER(room);
    SkText asked = sk_json(request), place = sk_member(asked, SK_TEXT("value"));
    if (!sk_is_string(sk_member(asked, SK_TEXT("resourceType")), KIND)) {
        return SK_TEXT("There are only places");
    }
    if (!asked_id(asked, &id)) {
        return SK_TEXT("An id is made of letters, digits, - and _, at most 64");
    }
    if (put && !sk_is_object(place)) {
        return SK_TEXT("A place is an object");
    }
    return change(sk_written(&id), put ? place : SK_TEXT(""));
}

SK_EXPORT("resources_set_resource") size_t set_place(const char *request, size_t length, char *out, size_t room) {
    return sk_hand_out(asked_change((SkText){request, length}, true), out, room);
}

SK_EXPORT("resources_delete_resource")
size_t delete_place(const char *request, size_t length, char *out, size_t room) {
    return sk_hand_out(asked_change((SkText){request, length}, false), out, room);
}
