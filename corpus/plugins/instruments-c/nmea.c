#include "nmea.h"

enum { MOST_FIELDS = 12, FREEZING = 273150 };

static int hexadecimal(char digit) {
    return digit >= '0' && digit <= '9' ? digit - '0' : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* The line between `$` and `*`; empty where the checksum behind that is missing, or another one. */
static SkText checked(SkText line) {
    int sum = 0;
    size_t at = 1;
    if (line.length > SENTENCE_BYTES || line.length < 4 || line.bytes[0] != '$') {
        return SK_TEXT("");
    }
    for (; at < line.length - 3 && line.bytes[at] != '*'; at++) {
        sum ^= (unsigned char)line.bytes[at];
    }
    bool right = line.bytes[at] == '*' && hexadecimal(line.bytes[at + 1]) == sum >> 4
                 && hexadecimal(line.bytes[at + 2]) == (sum & 15);
    return right ? (SkText){line.bytes + 1, at - 1} : SK_TEXT("");
}

/* The fields between commas; those that are not there are empty. */
static void split(SkText sentence, SkText fields[MOST_FIELDS]) {
    size_t at = 0;
    for (size_t field = 0; field < MOST_FIELDS; field++) {
        size_t first = at;
        while (at < sentence.length && sentence.bytes[at] != ',') {
            at++;
        }
        fields[field] = (SkText){sentence.bytes + first, at - first};
        at += at < sentence.length;
    }
}

/* A number with so many decimals as a whole number, cut behind them; false if it is none, or above `most`. */
static bool read_number(SkText field, unsigned decimals, int32_t most, int32_t *number) {
    bool negative = field.length > 0 && field.bytes[0] == '-', behind = false;
    size_t at = negative, digits = 0;
    int64_t value = 0;
    for (; at < field.length; at++) {
        char character = field.bytes[at];
        if (character == '.' && !behind) {
            behind = true;
        } else if (character < '0' || character > '9') {
            return false;
        } else {
            digits++;
            if (!behind || decimals > 0) {
                value = 10 * value + (character - '0');
                decimals -= behind;
            }
            if (value > most) {
                return false;
            }
        }
    }
    for (; decimals > 0; decimals--) {
        value *= 10;
    }
    *number = (int32_t)(negative ? -value : value);
    return digits > 0 && value <= most;
}

static bool is_letter(SkText field, char letter) {
    return field.length == 1 && field.bytes[0] == letter;
}

/* Degrees and minutes, as in 6010.00, and the letter of the half of the world. */
static bool read_angle(SkText field, SkText half, const char letters[2], int32_t most, int32_t *angle) {
    int32_t both;
    if (!read_number(field, 5, most * DEGREE, &both) || both < 0) {
        return false;
    }
    int32_t minutes = both % DEGREE; /* in hundred thousandths */
    *angle = both - minutes + (int32_t)((int64_t)minutes * 5 / 3);
    if (is_letter(half, letters[1])) {
        *angle = -*angle;
    }
    return minutes < 6000000 && (is_letter(half, letters[0]) || is_letter(half, letters[1]));
}

/* Tells whether the fields of a sentence have its figure, which is then among those found. */
static bool read_fields(SkText kind, SkText fields[MOST_FIELDS], Figures *found) {
    if (sk_equal(kind, SK_TEXT("GLL"))) {
        found->has_position = true;
        return read_angle(fields[1], fields[2], "NS", 90, &found->latitude)
               && read_angle(fields[3], fields[4], "EW", 180, &found->longitude) && is_letter(fields[6], 'A');
    }
    if (sk_equal(kind, SK_TEXT("MWD"))) {
        found->has_wind = true;
        return read_number(fields[1], 3, 360000, &found->wind_direction) && found->wind_direction >= 0
               && read_number(fields[7], 3, 150000, &found->wind_speed) && found->wind_speed >= 0
               && is_letter(fields[2], 'T') && is_letter(fields[8], 'M');
    }
    if (sk_equal(kind, SK_TEXT("MTW"))) {
        found->has_water = true;
        bool good = read_number(fields[1], 3, 100000, &found->water) && is_letter(fields[2], 'C');
        found->water += FREEZING;
        return good && found->water > 0;
    }
    return false;
}

bool read_sentence(SkText line, Figures *figures) {
    SkText fields[MOST_FIELDS];
    split(checked(line), fields);
    if (fields[0].length != 5) { /* two letters of the talker, three of the sentence */
        return false;
    }
    Figures found = *figures;
    bool good = read_fields((SkText){fields[0].bytes + 2, 3}, fields, &found);
    if (good) {
        *figures = found;
    }
    return good;
}

void take_over(Figures *known, const Figures *fresh) {
    if (fresh->has_position) {
        known->has_position = true;
        known->latitude = fresh->latitude;
        known->longitude = fresh->longitude;
    }
    if (fresh->has_wind) {
        known->has_wind = true;
        known->wind_direction = fresh->wind_direction;
        known->wind_speed = fresh->wind_speed;
    }
    if (fresh->has_water) {
        known->has_water = true;
        known->water = fresh->water;
    }
}
