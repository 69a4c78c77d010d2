/* The weather on board, as a server asks for it. */
#ifndef WEATHER_H
#define WEATHER_H

#include "nmea.h"

/* Degrees of an angle in radians, a number of thousandths with a decimal for each zero of `one`. */
void put_decimal(SkWriter *out, int64_t value, int64_t one);
void put_radians(SkWriter *out, int32_t thousandths_of_a_degree);

/* What is known of the weather. `air` is thousandths of a kelvin, 0 while nobody has told it. */
typedef struct {
    const Figures *figures;
    int32_t air;
} Weather;

/* Answers to what a server asks, as JSON arrays; empty ones for a place where the vessel is not. */
void put_observations(SkWriter *out, SkText request, const Weather *weather);
void put_forecasts(SkWriter *out, SkText request, const Weather *weather);
void put_warnings(SkWriter *out, SkText request, const Weather *weather);

#endif
