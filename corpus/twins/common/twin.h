/* What the twins in C have in common: all of SPEC.md that needs no server. */
#ifndef TWIN_H
#define TWIN_H

#include "sdk/json.h"

#define SCHEMA                                                                                             \
    SK_TEXT("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\",\"properties\":{"   \
            "\"limit\":{\"type\":\"number\",\"title\":\"Speed limit in m/s\",\"minimum\":0,\"maximum\":1000," \
            "\"default\":5},"                                                                                 \
            "\"every\":{\"type\":\"integer\",\"title\":\"Seconds from report to report\",\"minimum\":1,"      \
            "\"maximum\":3600,\"default\":10},"                                                               \
            "\"notify\":{\"type\":\"boolean\",\"title\":\"Notify above the limit\",\"default\":true}}}")

#define SPEED SK_TEXT("navigation.speedOverGround")
#define DEPTH "environment.depth.belowTransducer.value"
#define ALARM "notifications.plugins.twin.speed"
#define LIMIT "plugins.twin.limit"
#define STARTS "plugins.twin.starts"
#define HEARD "plugins.twin.heard"
#define MEAN "plugins.twin.mean"
#define MAX "plugins.twin.max"

#define FILE_ERROR SK_TEXT("Cannot write /data/twin.json")

enum { FILE_BYTES = 8192, FILE_BYTES_AT_MOST = 8000, MOST_LIMIT = 1000000 };

/* Numbers are thousandths, times seconds. */
typedef struct {
    uint32_t limit, every;
    bool notify;
    uint32_t heard, last, max;
    uint64_t sum;
    bool alarmed;
} Speeds;

/* The options of a configuration, with nothing heard yet. Returns what is wrong with it; an empty text for nothing. */
SkText configured(SkText config, Speeds *speeds);

/* A limit by PUT or configuration; false if it is none. */
bool read_limit(SkText value, uint32_t *limit);

/* Counts a speed, given as JSON. Tells whether it was one. */
bool hear(Speeds *speeds, SkText value);
uint32_t mean(const Speeds *speeds);

/* Whether the alarm is to be raised or ended. `depth` is JSON, or empty. The message is that of the notification. */
bool alarm_changes(Speeds *speeds, SkText depth, SkWriter *message);

/* `{"state":…,"method":…,"message":…}` */
void put_notification(SkWriter *out, bool raised, SkText message);

/* What is kept: the number of starts, and the places as a JSON object. The file's text has to outlive the places. */
void read_kept(SkText file, uint32_t *starts, SkText *places);
void put_kept(SkWriter *out, uint32_t starts, SkText places);

/* Whether a JSON string is an id, which it writes. */
bool read_id(SkText value, SkWriter *id);

#endif
