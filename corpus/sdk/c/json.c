#include "json.h"

enum { DEEPEST = 250, MOST_THOUSANDTHS = 999999999, MOST_EXPONENT = 100000 };

/* No character of a text; what stands behind its end. */
enum { NONE = -1 };

static int at_place(SkText text, size_t at) {
    return at < text.length ? (unsigned char)text.bytes[at] : NONE;
}

static bool between(int byte, int first, int last) {
    return first <= byte && byte <= last;
}

static bool is_digit(int byte) {
    return between(byte, '0', '9');
}

static int hexadecimal(int byte) {
    if (is_digit(byte)) {
        return byte - '0';
    }
    int small = byte | 0x20;
    return between(small, 'a', 'f') ? small - 'a' + 10 : NONE;
}

static size_t skip_space(SkText text, size_t at) {
    int byte = at_place(text, at);
    while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
        byte = at_place(text, ++at);
    }
    return at;
}

/* ---- Where a value ends: the offset behind it, or 0 if it is none ---------------------------------------------- */

/* One character of UTF-8 beyond ASCII. */
static size_t character_end(SkText text, size_t at) {
    int lead = at_place(text, at);
    int low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    int high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t more = between(lead, 0xc2, 0xdf) ? 1 : between(lead, 0xe0, 0xef) ? 2 : between(lead, 0xf0, 0xf4) ? 3 : 0;
    if (more == 0 || !between(at_place(text, at + 1), low, high)) {
        return 0;
    }
    for (size_t i = 2; i <= more; i++) {
        if (!between(at_place(text, at + i), 0x80, 0xbf)) {
            return 0;
        }
    }
    return at + 1 + more;
}

/* What follows a backslash. */
static size_t escape_end(SkText text, size_t at) {
    switch (at_place(text, at)) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        return at + 1;
    case 'u':
        for (size_t i = 1; i <= 4; i++) {
            if (hexadecimal(at_place(text, at + i)) == NONE) {
                return 0;
            }
        }
        return at + 5;
    default:
        return 0;
    }
}

static size_t string_end(SkText text, size_t at) {
    at++;
    while (at > 0) {
        int byte = at_place(text, at);
        if (byte == '"') {
            return at + 1;
        }
        if (byte < ' ') { /* the end of the text too */
            return 0;
        }
        at = byte == '\\' ? escape_end(text, at + 1) : byte < 0x80 ? at + 1 : character_end(text, at);
    }
    return 0;
}

static size_t digits_end(SkText text, size_t at) {
    size_t first = at;
    while (is_digit(at_place(text, at))) {
        at++;
    }
    return at > first ? at : 0;
}

static size_t number_end(SkText text, size_t at) {
    at += at_place(text, at) == '-';
    at = at_place(text, at) == '0' ? at + 1 : digits_end(text, at);
    if (at > 0 && at_place(text, at) == '.') {
        at = digits_end(text, at + 1);
    }
    if (at > 0 && (at_place(text, at) | 0x20) == 'e') {
        int sign = at_place(text, at + 1);
        at = digits_end(text, at + 1 + (sign == '+' || sign == '-'));
    }
    return at;
}

static size_t word_end(SkText text, size_t at, SkText word) {
    bool there = word.length <= text.length - at && sk_equal((SkText){text.bytes + at, word.length}, word);
    return there ? at + word.length : 0;
}

static size_t value_end(SkText text, size_t at, unsigned depth);

static size_t container_end(SkText text, size_t at, unsigned depth) {
    bool object = text.bytes[at] == '{';
    int end = object ? '}' : ']';
    at = skip_space(text, at + 1);
    if (at_place(text, at) == end) {
        return at + 1;
    }
    for (;;) {
        if (object) {
            at = at_place(text, at) == '"' ? string_end(text, at) : 0;
            at = at > 0 ? skip_space(text, at) : 0;
            if (at == 0 || at_place(text, at) != ':') {
                return 0;
            }
            at = skip_space(text, at + 1);
        }
        at = value_end(text, at, depth);
        if (at == 0) {
            return 0;
        }
        at = skip_space(text, at);
        if (at_place(text, at) == end) {
            return at + 1;
        }
        if (at_place(text, at) != ',') {
            return 0;
        }
        at = skip_space(text, at + 1);
    }
}

static size_t value_end(SkText text, size_t at, unsigned depth) {
    switch (at_place(text, at)) {
    case NONE:
        return 0;
    case '{': case '[':
        return depth > 0 ? container_end(text, at, depth - 1) : 0;
    case '"':
        return string_end(text, at);
    case 't':
        return word_end(text, at, SK_TEXT("true"));
    case 'f':
        return word_end(text, at, SK_TEXT("false"));
    case 'n':
        return word_end(text, at, SK_TEXT("null"));
    default:
        return number_end(text, at);
    }
}

SkText sk_json(SkText text) {
    size_t first = skip_space(text, 0);
    size_t end = value_end(text, first, DEEPEST);
    bool whole = end > 0 && skip_space(text, end) == text.length;
    return (SkText){text.bytes + first, whole ? end - first : 0};
}

/* ---- What is in a value ------------------------------------------------------------------------------------------ */

bool sk_is_object(SkText value) {
    return at_place(value, 0) == '{';
}

bool sk_is_array(SkText value) {
    return at_place(value, 0) == '[';
}

bool sk_next(SkText container, size_t *at, SkText *name, SkText *value) {
    if (!sk_is_object(container) && !sk_is_array(container)) {
        return false;
    }
    size_t first = skip_space(container, *at > 0 ? *at : 1);
    if (first + 1 >= container.length) {
        return false;
    }
    if (sk_is_object(container)) {
        size_t end = string_end(container, first);
        if (name != NULL) {
            *name = (SkText){container.bytes + first, end - first};
        }
        first = skip_space(container, skip_space(container, end) + 1); /* behind the colon */
    }
    size_t end = value_end(container, first, DEEPEST);
    *value = (SkText){container.bytes + first, end - first};
    *at = skip_space(container, end) + 1; /* behind the comma, or the end */
    return true;
}

SkText sk_member(SkText object, SkText name) {
    SkText found = SK_TEXT(""), key, value;
    size_t at = 0;
    while (sk_is_object(object) && sk_next(object, &at, &key, &value)) {
        if (sk_is_string(key, name)) {
            found = value;
        }
    }
    return found;
}

/* The character of plain ASCII at an offset inside of a string, which it moves behind it; NONE for any other. */
static int ascii(SkText string, size_t *at) {
    int byte = at_place(string, (*at)++);
    if (byte != '\\') {
        return byte < 0x80 ? byte : NONE;
    }
    byte = at_place(string, (*at)++);
    switch (byte) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        byte = 0;
        for (size_t i = 0; i < 4; i++) {
            byte = byte << 4 | hexadecimal(at_place(string, (*at)++));
        }
        return byte < 0x80 ? byte : NONE;
    default:
        return byte;
    }
}

bool sk_put_ascii(SkWriter *writer, SkText value) {
    size_t at = 1;
    if (at_place(value, 0) != '"') {
        return false;
    }
    while (at + 1 < value.length) {
        int character = ascii(value, &at);
        if (character == NONE) {
            return false;
        }
        sk_put(writer, (SkText){&(char){(char)character}, 1});
    }
    return true;
}

bool sk_is_string(SkText value, SkText text) {
    char room[64];
    SkWriter writer = {room, sizeof room, 0};
    return sk_put_ascii(&writer, value) && sk_fits(&writer) && sk_equal(sk_written(&writer), text);
}

bool sk_thousandths(SkText value, int32_t *thousandths) {
    bool negative = at_place(value, 0) == '-';
    if (!negative && !is_digit(at_place(value, 0))) {
        return false;
    }
    size_t whole_end = digits_end(value, negative);
    size_t end = at_place(value, whole_end) == '.' ? digits_end(value, whole_end + 1) : whole_end;
    int32_t exponent = 0;
    int sign = at_place(value, end + 1);
    for (size_t at = end + 1; at < value.length; at++) {
        if (is_digit(value.bytes[at]) && exponent < MOST_EXPONENT) {
            exponent = 10 * exponent + (value.bytes[at] - '0');
        }
    }
    /* The weight of each digit, as a power of ten in thousandths. */
    int32_t weight = (int32_t)(whole_end - negative) - 1 + 3 + (sign == '-' ? -exponent : exponent);
    int64_t sum = 0;
    for (size_t at = negative; at < end; at++) {
        if (value.bytes[at] == '.') {
            continue;
        }
        if (weight >= 0) {
            sum = 10 * sum + (value.bytes[at] - '0');
        }
        if (sum > MOST_THOUSANDTHS) {
            return false;
        }
        weight--;
    }
    for (; weight >= 0 && sum > 0; weight--) {
        sum *= 10;
        if (sum > MOST_THOUSANDTHS) {
            return false;
        }
    }
    *thousandths = (int32_t)(negative ? -sum : sum);
    return true;
}
