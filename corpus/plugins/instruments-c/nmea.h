/* What instruments say in NMEA 0183. */
#ifndef NMEA_H
#define NMEA_H

#include "sdk/text.h"

enum { DEGREE = 10000000, SENTENCE_BYTES = 82 };

/* The latest of each figure, if there was one. In whole numbers: the same on every machine. */
typedef struct {
    bool has_position, has_wind, has_water;
    int32_t latitude, longitude; /* DEGREE is one degree */
    int32_t wind_direction;      /* thousandths of a degree, from true north */
    int32_t wind_speed;          /* thousandths of m/s */
    int32_t water;               /* thousandths of a kelvin */
} Figures;

/* Reads a line. Tells whether it was a sentence whose checksum is right, and that has one of these figures. */
bool read_sentence(SkText line, Figures *figures);

/* Takes over what is known of one to what was known before. */
void take_over(Figures *known, const Figures *fresh);

#endif
