#include "twin.h"

enum { MOST_ID = 64 };

/* ---- Configuration ---------------------------------------------------------------------------------------------- */

bool read_limit(SkText value, uint32_t *limit) {
    int32_t thousandths;
    if (!sk_thousandths(value, &thousandths) || thousandths < 0 || thousandths > MOST_LIMIT) {
        return false;
    }
    *limit = (uint32_t)thousandths;
    return true;
}

SkText configured(SkText config, Speeds *speeds) {
    SkText object = sk_json(config);
    if (!sk_is_object(object)) {
        return SK_TEXT("The configuration is not a JSON object");
    }
    *speeds = (Speeds){.limit = 5000, .every = 10, .notify = true};
    SkText limit = sk_member(object, SK_TEXT("limit"));
    if (limit.length > 0 && !read_limit(limit, &speeds->limit)) {
        return SK_TEXT("limit is a number from 0 to 1000");
    }
    SkText every = sk_member(object, SK_TEXT("every"));
    if (every.length > 0) {
        int32_t seconds;
        if (!sk_thousandths(every, &seconds) || seconds % 1000 != 0 || seconds < 1000 || seconds > 3600000) {
            return SK_TEXT("every is a whole number from 1 to 3600");
        }
        speeds->every = (uint32_t)seconds / 1000;
    }
    SkText notify = sk_member(object, SK_TEXT("notify"));
    if (notify.length > 0) {
        speeds->notify = sk_equal(notify, SK_TEXT("true"));
        if (!speeds->notify && !sk_equal(notify, SK_TEXT("false"))) {
            return SK_TEXT("notify is true or false");
        }
    }
    return SK_TEXT("");
}

/* ---- Speeds ------------------------------------------------------------------------------------------------------- */

bool hear(Speeds *speeds, SkText value) {
    int32_t speed;
    if (!sk_thousandths(value, &speed) || speed < 0) {
        return false;
    }
    speeds->last = (uint32_t)speed;
    speeds->heard++;
    speeds->sum += speeds->last;
    if (speeds->last > speeds->max) {
        speeds->max = speeds->last;
    }
    return true;
}

uint32_t mean(const Speeds *speeds) {
    return speeds->heard > 0 ? (uint32_t)(speeds->sum / speeds->heard) : 0;
}

bool alarm_changes(Speeds *speeds, SkText depth, SkWriter *message) {
    bool above = speeds->last > speeds->limit;
    int32_t metres;
    if (!speeds->notify || above == speeds->alarmed) {
        return false;
    }
    speeds->alarmed = above;
    sk_put(message, SK_TEXT("Speed "));
    sk_put_thousandths(message, speeds->last);
    sk_put(message, above ? SK_TEXT(" m/s is above ") : SK_TEXT(" m/s is not above "));
    sk_put_thousandths(message, speeds->limit);
    sk_put(message, SK_TEXT(" m/s"));
    if (above && sk_thousandths(depth, &metres) && metres >= 0) {
        sk_put(message, SK_TEXT(", at a depth of "));
        sk_put_thousandths(message, (uint32_t)metres);
        sk_put(message, SK_TEXT(" m"));
    }
    return true;
}

void put_notification(SkWriter *out, bool raised, SkText message) {
    sk_put(out, raised ? SK_TEXT("{\"state\":\"alert\",\"method\":[\"visual\"],\"message\":\"")
                       : SK_TEXT("{\"state\":\"normal\",\"method\":[],\"message\":\""));
    sk_put(out, message);
    sk_put(out, SK_TEXT("\"}"));
}

/* ---- What is kept ------------------------------------------------------------------------------------------------- */

bool read_id(SkText value, SkWriter *id) {
    if (!sk_put_ascii(id, value) || id->length == 0 || id->length > MOST_ID || !sk_fits(id)) {
        return false;
    }
    for (size_t i = 0; i < id->length; i++) {
        char character = id->bytes[i];
        bool letter = (character | 0x20) >= 'a' && (character | 0x20) <= 'z';
        bool digit = character >= '0' && character <= '9';
        if (!letter && !digit && character != '-' && character != '_') {
            return false;
        }
    }
    return true;
}

static bool are_places(SkText value) {
    SkText name, place;
    size_t at = 0;
    while (sk_next(value, &at, &name, &place)) {
        char room[MOST_ID];
        SkWriter id = SK_WRITER(room);
        if (!sk_is_object(place) || !read_id(name, &id)) {
            return false;
        }
    }
    return sk_is_object(value);
}

void read_kept(SkText file, uint32_t *starts, SkText *places) {
    SkText kept = sk_json(file);
    SkText found = sk_member(kept, SK_TEXT("places"));
    int32_t number;
    bool counts = sk_thousandths(sk_member(kept, SK_TEXT("starts")), &number) && number > 0;
    *starts = counts ? (uint32_t)number / 1000 : 0;
    *places = are_places(found) ? found : SK_TEXT("{}");
}

void put_kept(SkWriter *out, uint32_t starts, SkText places) {
    sk_put(out, SK_TEXT("{\"starts\":"));
    sk_put_number(out, starts);
    sk_put(out, SK_TEXT(",\"places\":"));
    sk_put(out, places);
    sk_put(out, SK_TEXT("}"));
}
