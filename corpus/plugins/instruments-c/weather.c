#include "weather.h"

#include <stdlib.h>
#include <time.h>

#include "sdk/json.h"

enum { HOUR = 3600, DAY = 24 * HOUR, MOST_FORECASTS = 24, FEW_FORECASTS = 3, GALE = 17200 };

/* ---- Numbers and dates -------------------------------------------------------------------------------------------- */

void put_decimal(SkWriter *out, int64_t value, int64_t one) {
    if (value < 0) {
        sk_put(out, SK_TEXT("-"));
        value = -value;
    }
    sk_put_number(out, (uint32_t)(value / one));
    int64_t rest = value % one;
    if (rest > 0) {
        sk_put(out, SK_TEXT("."));
    }
    while (rest > 0) {
        rest *= 10;
        sk_put_number(out, (uint32_t)(rest / one));
        rest %= one;
    }
}

void put_radians(SkWriter *out, int32_t thousandths_of_a_degree) {
    put_decimal(out, (int64_t)thousandths_of_a_degree * 1745329 / 10000000, 10000);
}

static void put_two_digits(SkWriter *out, int number) {
    sk_put(out, (SkText){(char[]){(char)('0' + number / 10 % 10), (char)('0' + number % 10)}, 2});
}

/* The present time and so many seconds, as in 2026-01-01T12:00:00Z. */
static void put_date(SkWriter *out, int32_t later) {
    time_t when = time(NULL) + later;
    struct tm date = *gmtime(&when);
    put_two_digits(out, date.tm_year / 100 + 19);
    put_two_digits(out, date.tm_year);
    int parts[] = {date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec};
    for (size_t i = 0; i < 5; i++) {
        sk_put(out, (SkText){&"--T::"[i], 1});
        put_two_digits(out, parts[i]);
    }
    sk_put(out, SK_TEXT("Z"));
}

/* ---- What is asked for -------------------------------------------------------------------------------------------- */

/* Whether a value is an angle of at most so many degrees, and no more than one degree from another, where that is known. */
static bool is_near(SkText value, int32_t most, bool known, int32_t other) {
    int32_t thousandths;
    if (!sk_thousandths(value, &thousandths) || thousandths > most * 1000 || thousandths < -most * 1000) {
        return false;
    }
    int32_t away = abs(thousandths - other / (DEGREE / 1000));
    return !known || away <= 1000 || away >= 359000; /* on the other side of the date line */
}

/* The instruments know the weather where they are, and a server may ask for anywhere. */
static bool is_here(SkText request, const Figures *figures) {
    SkText position = sk_member(sk_json(request), SK_TEXT("position"));
    return is_near(sk_member(position, SK_TEXT("latitude")), 90, figures->has_position, figures->latitude)
           && is_near(sk_member(position, SK_TEXT("longitude")), 180, figures->has_position, figures->longitude);
}

/* How many are wanted. */
static int32_t wanted(SkText request) {
    int32_t count;
    SkText options = sk_member(sk_json(request), SK_TEXT("options"));
    if (!sk_thousandths(sk_member(options, SK_TEXT("maxCount")), &count)) {
        return FEW_FORECASTS;
    }
    count /= 1000;
    return count < 0 ? 0 : count > MOST_FORECASTS ? MOST_FORECASTS : count;
}

/* ---- Answers ------------------------------------------------------------------------------------------------------ */

static void put_entry(SkWriter *out, const Weather *weather, SkText type, SkText description, int32_t later) {
    const Figures *figures = weather->figures;
    sk_put(out, SK_TEXT("{\"date\":\""));
    put_date(out, later);
    sk_put(out, SK_TEXT("\",\"type\":\""));
    sk_put(out, type);
    sk_put(out, SK_TEXT("\",\"description\":\""));
    sk_put(out, description);
    sk_put(out, SK_TEXT("\""));
    if (weather->air > 0) {
        sk_put(out, SK_TEXT(",\"outside\":{\"temperature\":"));
        put_decimal(out, weather->air, 1000);
        sk_put(out, SK_TEXT("}"));
    }
    if (figures->has_wind) {
        sk_put(out, SK_TEXT(",\"wind\":{\"speedTrue\":"));
        put_decimal(out, figures->wind_speed, 1000);
        sk_put(out, SK_TEXT(",\"directionTrue\":"));
        put_radians(out, figures->wind_direction);
        sk_put(out, SK_TEXT("}"));
    }
    if (figures->has_water) {
        sk_put(out, SK_TEXT(",\"water\":{\"temperature\":"));
        put_decimal(out, figures->water, 1000);
        sk_put(out, SK_TEXT("}"));
    }
    sk_put(out, SK_TEXT("}"));
}

void put_observations(SkWriter *out, SkText request, const Weather *weather) {
    sk_put(out, SK_TEXT("["));
    if (is_here(request, weather->figures) && wanted(request) > 0) {
        put_entry(out, weather, SK_TEXT("observation"), SK_TEXT("Measured on board"), 0);
    }
    sk_put(out, SK_TEXT("]"));
}

/* Nothing on board knows better than that it stays as it is. */
void put_forecasts(SkWriter *out, SkText request, const Weather *weather) {
    SkText type = sk_member(sk_json(request), SK_TEXT("type"));
    bool daily = sk_is_string(type, SK_TEXT("daily")), known = daily || sk_is_string(type, SK_TEXT("point"));
    int32_t count = known && is_here(request, weather->figures) ? wanted(request) : 0;
    sk_put(out, SK_TEXT("["));
    for (int32_t i = 1; i <= count; i++) {
        sk_put(out, i > 1 ? SK_TEXT(",") : SK_TEXT(""));
        put_entry(out, weather, daily ? SK_TEXT("daily") : SK_TEXT("point"), SK_TEXT("As it is now"),
                  i * (daily ? DAY : HOUR));
    }
    sk_put(out, SK_TEXT("]"));
}

void put_warnings(SkWriter *out, SkText request, const Weather *weather) {
    const Figures *figures = weather->figures;
    sk_put(out, SK_TEXT("["));
    if (is_here(request, figures) && figures->has_wind && figures->wind_speed >= GALE) {
        sk_put(out, SK_TEXT("{\"startTime\":\""));
        put_date(out, 0);
        sk_put(out, SK_TEXT("\",\"endTime\":\""));
        put_date(out, HOUR);
        sk_put(out, SK_TEXT("\",\"type\":\"Gale\",\"source\":\"Instruments on board\",\"details\":\"It blows a gale\"}"));
    }
    sk_put(out, SK_TEXT("]"));
}
