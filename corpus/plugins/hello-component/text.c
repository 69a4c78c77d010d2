#include "text.h"

void append(Text *text, const char *more) {
    while (*more != '\0' && text->length < sizeof text->bytes) {
        text->bytes[text->length++] = *more++;
    }
}

void append_number(Text *text, unsigned number) {
    char digits[11]; /* ten digits at most, and the final NUL */
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    append(text, digits + first);
}

String as_string(const Text *text) {
    return (String){text->bytes, text->length};
}

static bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

static size_t skip_space(String text, size_t at) {
    while (at < text.length && is_space(text.bytes[at])) {
        at++;
    }
    return at;
}

/* Whether `expected` stands in the text at an offset. */
static bool stands_at(String text, size_t at, String expected) {
    if (expected.length > text.length - at) {
        return false;
    }
    for (size_t i = 0; i < expected.length; i++) {
        if (text.bytes[at + i] != expected.bytes[i]) {
            return false;
        }
    }
    return true;
}

bool equal(String one, String other) {
    return one.length == other.length && stands_at(one, 0, other);
}

bool is_object(String json) {
    return stands_at(json, skip_space(json, 0), STRING("{"));
}

bool has_member(String json, String name, String value) {
    for (size_t at = 0; at < json.length; at++) {
        if (!stands_at(json, at, name)) {
            continue;
        }
        size_t colon = skip_space(json, at + name.length);
        if (!stands_at(json, colon, STRING(":"))) {
            continue;
        }
        if (stands_at(json, skip_space(json, colon + 1), value)) {
            return true;
        }
    }
    return false;
}

unsigned parse_count(String text, size_t max_digits) {
    unsigned count = 0;
    size_t first = skip_space(text, 0);
    size_t at = first;
    while (at < text.length && at - first < max_digits && text.bytes[at] >= '0' && text.bytes[at] <= '9') {
        count = 10 * count + (unsigned)(text.bytes[at] - '0');
        at++;
    }
    return skip_space(text, at) == text.length ? count : 0;
}
