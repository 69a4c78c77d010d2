/*
 * A Signal K plugin for a boat's instruments.
 *
 * Hears NMEA 0183 at a UDP port and from a gateway by TCP, and emits position, wind and water temperature, once a second
 * at most. Provides the weather that they tell (weather.c), and a radar whose picture is a test pattern.
 */
#include <string.h>

#include "sdk/core.h"
#include "sdk/json.h"
#include "weather.h"

#define SCHEMA                                                                                                           \
    SK_TEXT("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{"                 \
            "\"port\":{\"type\":\"integer\",\"title\":\"UDP port to listen at\",\"minimum\":1,\"maximum\":65535,"            \
            "\"default\":10110},"                                                                                         \
            "\"gateway\":{\"type\":\"string\",\"title\":\"IP address of a gateway; empty for none\",\"maxLength\":45,"       \
            "\"default\":\"127.0.0.1\"},"                                                                                 \
            "\"gatewayPort\":{\"type\":\"integer\",\"title\":\"TCP port of the gateway\",\"minimum\":1,\"maximum\":65535,"   \
            "\"default\":10110},"                                                                                         \
            "\"picture\":{\"type\":\"boolean\",\"title\":\"Show a radar's test picture\",\"default\":true}}}")

#define AIR "environment.outside.temperature"
#define HEARD "plugins.instruments.heard"
#define METER "plugins/instruments-c/heard"
#define PROVIDER "Instruments"
#define RADAR SK_TEXT("picture")

enum {
    DATAGRAM_BYTES = 1500,
    PATIENCE = 10, /* seconds until what does not work is tried again */
    SPOKES = 2048, /* in a turn */
    SPOKES_A_SECOND = 64,
    PIXELS = 64
};

typedef struct {
    char gateway[46];
    size_t gateway_length;
    int32_t port, gateway_port;
    bool picture;
} Settings;

/* As the server passes it on: numbers little-endian, as all of this memory is. */
typedef struct {
    uint16_t angle, length;
    uint8_t pixels[PIXELS];
} Spoke;

static Settings settings;
static Figures known, fresh;
static int32_t air;
static uint32_t heard, told;
static int32_t udp, tcp; /* ids of open sockets; 0 for none */
static unsigned deaf, silent; /* seconds without a port, without a connection */
static bool may_emit, may_open, turning;
static int32_t range;
static uint16_t angle;

/* Where answers and deltas are put together; none is needed any more when the next begins. */
static char answer[8192];
static char delta[1024];

/* ---- Telling the server something ----------------------------------------------------------------------------- */

static void set_error(SkText text) {
    sk_set_error(text.bytes, text.length);
}

/* `Listening at port …`, and where it does not, why. */
static void tell_port(void) {
    SkWriter text = SK_WRITER(delta);
    sk_put(&text, udp > 0 ? SK_TEXT("Listening at UDP port ") : SK_TEXT("Cannot listen at UDP port "));
    sk_put_number(&text, (uint32_t)settings.port);
    (udp > 0 ? sk_set_status : sk_set_error)(text.bytes, text.length);
}

static void tell_figures(void) {
    SkWriter message = SK_WRITER(delta);
    sk_begin_value(&message, HEARD);
    sk_put_number(&message, heard);
    sk_end_value(&message);
    if (fresh.has_position) {
        sk_begin_value(&message, "navigation.position");
        sk_put(&message, SK_TEXT("{\"latitude\":"));
        put_decimal(&message, fresh.latitude, DEGREE);
        sk_put(&message, SK_TEXT(",\"longitude\":"));
        put_decimal(&message, fresh.longitude, DEGREE);
        sk_put(&message, SK_TEXT("}"));
        sk_end_value(&message);
    }
    if (fresh.has_wind) {
        sk_begin_value(&message, "environment.wind.directionTrue");
        put_radians(&message, fresh.wind_direction);
        sk_end_value(&message);
        sk_begin_value(&message, "environment.wind.speedOverGround");
        put_decimal(&message, fresh.wind_speed, 1000);
        sk_end_value(&message);
    }
    if (fresh.has_water) {
        sk_begin_value(&message, "environment.water.temperature");
        put_decimal(&message, fresh.water, 1000);
        sk_end_value(&message);
    }
    told = heard;
    if (may_emit) {
        sk_emit(&message);
    }
}

/* ---- Hearing ------------------------------------------------------------------------------------------------------ */

static void hear_line(SkText line) {
    heard += read_sentence(line, &fresh);
}

/* A datagram may have several lines. */
static void hear_datagram(SkText text) {
    size_t first = 0;
    for (size_t at = 0; at < text.length; at++) {
        if (text.bytes[at] == '\r' || text.bytes[at] == '\n') {
            hear_line((SkText){text.bytes + first, at - first});
            first = at + 1;
        }
    }
    hear_line((SkText){text.bytes + first, text.length - first});
}

static void listen(void) {
    deaf = 0;
    udp = sk_udp_create(0);
    if (udp > 0 && sk_udp_bind(udp, settings.port) != 0) {
        sk_udp_close(udp);
        udp = 0;
    }
    tell_port();
}

static void hang_up(void) {
    if (tcp > 0) {
        sk_tcp_close(tcp);
    }
    tcp = 0;
}

static void dial(void) {
    silent = 0;
    tcp = sk_tcp_create();
    if (tcp > 0 && sk_tcp_connect(tcp, settings.gateway, settings.gateway_length, settings.gateway_port) != 0) {
        hang_up();
        set_error(SK_TEXT("gateway is no IP address"));
    }
}

static void hear(void) {
    char text[DATAGRAM_BYTES], sender[46];
    uint16_t port;
    int32_t size;
    while (udp > 0 && (size = sk_udp_recv(udp, text, sizeof text, sender, &port)) > 0) {
        hear_datagram((SkText){text, (size_t)size});
    }
    while (tcp > 0 && (size = sk_tcp_recv_line(tcp, text, sizeof text)) > 0) {
        hear_line((SkText){text, (size_t)size});
    }
}

/* What was not there may be there now. */
static void try_again(void) {
    if (udp <= 0 && ++deaf >= PATIENCE) {
        listen();
    }
    silent = tcp > 0 && sk_tcp_connected(tcp) == 1 ? 0 : silent + 1;
    if (silent >= PATIENCE && settings.gateway_length > 0) {
        hang_up();
        dial();
    }
}

/* ---- Streams ------------------------------------------------------------------------------------------------------ */

/* A spiral: how far out a spoke is bright is how far the antenna has turned. */
static void turn(void) {
    static Spoke spokes[SPOKES_A_SECOND];
    for (size_t i = 0; i < SPOKES_A_SECOND; i++) {
        spokes[i] = (Spoke){.angle = angle, .length = PIXELS};
        memset(spokes[i].pixels, 255, angle * PIXELS / SPOKES);
        angle = (uint16_t)((angle + 1) % SPOKES);
    }
    sk_radar_emit_spokes(RADAR.bytes, RADAR.length, spokes, sizeof spokes);
}

/* For the needle on a page. */
static void stream_meter(void) {
    sk_emit_binary_stream(METER, sizeof METER - 1, &heard, sizeof heard);
}

/* ---- What it is --------------------------------------------------------------------------------------------------- */

SK_EXPORT("plugin_id") size_t plugin_id(char *out, size_t room) {
    return sk_hand_out(SK_TEXT("instruments-c"), out, room);
}

SK_EXPORT("plugin_name") size_t plugin_name(char *out, size_t room) {
    return sk_hand_out(SK_TEXT("Instruments (C)"), out, room);
}

SK_EXPORT("plugin_schema") size_t plugin_schema(char *out, size_t room) {
    return sk_hand_out(SCHEMA, out, room);
}

/* ---- Its life ----------------------------------------------------------------------------------------------------- */

static bool read_port(SkText value, int32_t *port) {
    int32_t thousandths;
    if (value.length == 0) {
        return true;
    }
    bool good = sk_thousandths(value, &thousandths) && thousandths % 1000 == 0 && thousandths >= 1000
                && thousandths <= 65535000;
    if (good) {
        *port = thousandths / 1000;
    }
    return good;
}

/* The options. Returns what is wrong with them; an empty text for nothing. */
static SkText configured(SkText config) {
    SkText object = sk_json(config);
    if (!sk_is_object(object)) {
        return SK_TEXT("The configuration is not a JSON object");
    }
    settings = (Settings){.gateway = "127.0.0.1", .gateway_length = 9, .port = 10110, .gateway_port = 10110};
    if (!read_port(sk_member(object, SK_TEXT("port")), &settings.port)) {
        return SK_TEXT("port is a whole number from 1 to 65535");
    }
    if (!read_port(sk_member(object, SK_TEXT("gatewayPort")), &settings.gateway_port)) {
        return SK_TEXT("gatewayPort is a whole number from 1 to 65535");
    }
    SkText gateway = sk_member(object, SK_TEXT("gateway"));
    if (gateway.length > 0) {
        SkWriter address = SK_WRITER(settings.gateway);
        if (!sk_put_ascii(&address, gateway) || !sk_fits(&address)) {
            return SK_TEXT("gateway is an IP address, or an empty text");
        }
        settings.gateway_length = address.length;
    }
    SkText picture = sk_member(object, SK_TEXT("picture"));
    settings.picture = picture.length == 0 || sk_equal(picture, SK_TEXT("true"));
    if (!settings.picture && !sk_equal(picture, SK_TEXT("false"))) {
        return SK_TEXT("picture is true or false");
    }
    return SK_TEXT("");
}

static bool may(const char *capability, SkText missing) {
    bool granted = sk_has_capability(capability, strlen(capability)) == 1;
    if (!granted) {
        set_error(missing);
    }
    return granted;
}

/* 0 means that the plugin runs. */
SK_EXPORT("plugin_start") int32_t plugin_start(const char *config, size_t length) {
    SkText wrong = configured((SkText){config, length});
    if (wrong.length > 0) {
        set_error(wrong);
        return 1;
    }
    known = fresh = (Figures){0};
    heard = told = 0;
    air = angle = 0;
    udp = tcp = 0;
    range = 1852;
    may_open = may("rawSockets", SK_TEXT("The capability rawSockets is missing"));
    if (may_open) {
        listen();
        if (settings.gateway_length > 0) {
            dial();
        }
    }
    may_emit = may("dataWrite", SK_TEXT("The capability dataWrite is missing"));
    if (sk_register_weather_provider(PROVIDER, sizeof PROVIDER - 1) != 1) {
        set_error(SK_TEXT("The capability weatherProvider is missing"));
    }
    turning = settings.picture;
    if (settings.picture && sk_register_radar_provider(PROVIDER, sizeof PROVIDER - 1) != 1) {
        turning = settings.picture = false;
        set_error(SK_TEXT("The capability radarProvider is missing"));
    }
    tell_figures();
    return 0;
}

/* A delta tells that there may be news; the model has the own vessel's. */
SK_EXPORT("delta_handler") void delta_handler(const char *text, size_t length) {
    SkText updates = sk_member(sk_json((SkText){text, length}), SK_TEXT("updates"));
    SkText update, value;
    bool news = false;
    for (size_t at = 0; sk_next(updates, &at, NULL, &update);) {
        SkText values = sk_member(update, SK_TEXT("values"));
        for (size_t inner = 0; sk_next(values, &inner, NULL, &value);) {
            news |= sk_is_string(sk_member(value, SK_TEXT("path")), SK_TEXT(AIR));
        }
    }
    if (news) {
        char found[64];
        int32_t size = sk_get_self_path(AIR ".value", sizeof AIR ".value" - 1, found, sizeof found);
        air = 0;
        if (size > 0 && !sk_thousandths((SkText){found, (size_t)size}, &air)) {
            air = 0;
        }
    }
}

/* Called once a second. */
SK_EXPORT("poll") int32_t poll(void) {
    if (may_open) {
        hear();
        try_again();
    }
    if (heard != told) {
        tell_figures();
        take_over(&known, &fresh);
        fresh = (Figures){0};
    }
    if (turning) {
        turn();
    }
    if (may_emit) {
        stream_meter();
    }
    return 0;
}

/* 0 means that the plugin has stopped. */
SK_EXPORT("plugin_stop") int32_t plugin_stop(void) {
    if (udp > 0) {
        sk_udp_close(udp);
    }
    udp = 0;
    hang_up();
    sk_set_status("Stopped", 7);
    return 0;
}

/* ---- The weather -------------------------------------------------------------------------------------------------- */

static size_t answer_weather(void (*put)(SkWriter *, SkText, const Weather *), SkText request, char *out, size_t room) {
    SkWriter writer = SK_WRITER(answer);
    put(&writer, request, &(Weather){&known, air});
    return sk_hand_out(sk_written(&writer), out, room);
}

SK_EXPORT("weather_get_observations")
size_t get_observations(const char *request, size_t length, char *out, size_t room) {
    return answer_weather(put_observations, (SkText){request, length}, out, room);
}

SK_EXPORT("weather_get_forecasts")
size_t get_forecasts(const char *request, size_t length, char *out, size_t room) {
    return answer_weather(put_forecasts, (SkText){request, length}, out, room);
}

SK_EXPORT("weather_get_warnings")
size_t get_warnings(const char *request, size_t length, char *out, size_t room) {
    return answer_weather(put_warnings, (SkText){request, length}, out, room);
}

/* ---- The radar ---------------------------------------------------------------------------------------------------- */

/* What is asked of the radar that there is; an empty text where it is asked of another. */
static SkText asked(const char *request, size_t length) {
    SkText object = sk_json((SkText){request, length});
    bool there = settings.picture && sk_is_string(sk_member(object, SK_TEXT("radarId")), RADAR);
    return there ? object : SK_TEXT("");
}

SK_EXPORT("radar_get_radars") size_t get_radars(char *out, size_t room) {
    return sk_hand_out(settings.picture ? SK_TEXT("[\"picture\"]") : SK_TEXT("[]"), out, room);
}

SK_EXPORT("radar_get_radar_info")
size_t get_radar_info(const char *request, size_t length, char *out, size_t room) {
    if (asked(request, length).length == 0) {
        return sk_hand_out(SK_TEXT("null"), out, room);
    }
    SkWriter info = SK_WRITER(answer);
    sk_put(&info, SK_TEXT("{\"id\":\"picture\",\"name\":\"Test picture\",\"status\":"));
    sk_put(&info, turning ? SK_TEXT("\"transmit\"") : SK_TEXT("\"standby\""));
    sk_put(&info, SK_TEXT(",\"spokesPerRevolution\":"));
    sk_put_number(&info, SPOKES);
    sk_put(&info, SK_TEXT(",\"maxSpokeLen\":"));
    sk_put_number(&info, PIXELS);
    sk_put(&info, SK_TEXT(",\"range\":"));
    sk_put_number(&info, (uint32_t)range);
    sk_put(&info, SK_TEXT("}"));
    return sk_hand_out(sk_written(&info), out, room);
}

SK_EXPORT("radar_set_power") size_t set_power(const char *request, size_t length, char *out, size_t room) {
    SkText state = sk_member(asked(request, length), SK_TEXT("state"));
    bool on = sk_is_string(state, SK_TEXT("transmit")), known_state = on || sk_is_string(state, SK_TEXT("standby"));
    if (known_state) {
        turning = on;
    }
    return sk_hand_out(known_state ? SK_TEXT("true") : SK_TEXT("false"), out, room);
}

SK_EXPORT("radar_set_range") size_t set_range(const char *request, size_t length, char *out, size_t room) {
    int32_t metres;
    SkText value = sk_member(asked(request, length), SK_TEXT("range"));
    bool good = sk_thousandths(value, &metres) && metres >= 50000 && metres <= 100000000;
    if (good) {
        range = metres / 1000;
    }
    return sk_hand_out(good ? SK_TEXT("true") : SK_TEXT("false"), out, room);
}
