/*
 * Texts as they cross the boundary to a Signal K server: bytes of UTF-8 and their count, without a final NUL. With what
 * it takes to put texts together. Nothing here needs a C library.
 */
#ifndef SK_TEXT_H
#define SK_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *bytes;
    size_t length;
} SkText;

/* A literal as a text. */
#define SK_TEXT(literal) ((SkText){(literal), sizeof(literal) - 1})

static inline bool sk_equal(SkText one, SkText other) {
    if (one.length != other.length) {
        return false;
    }
    for (size_t i = 0; i < one.length; i++) {
        if (one.bytes[i] != other.bytes[i]) {
            return false;
        }
    }
    return true;
}

/* Where a text is put together. What does not fit is counted and not written. */
typedef struct {
    char *bytes;
    size_t room;
    size_t length;
} SkWriter;

/* A writer into an array. */
#define SK_WRITER(array) ((SkWriter){(array), sizeof(array), 0})

static inline bool sk_fits(const SkWriter *writer) {
    return writer->length <= writer->room;
}

/* What was written; nothing where not all of it fitted. */
static inline SkText sk_written(const SkWriter *writer) {
    return (SkText){writer->bytes, sk_fits(writer) ? writer->length : 0};
}

static inline void sk_put(SkWriter *writer, SkText text) {
    for (size_t i = 0; i < text.length; i++) {
        if (writer->length < writer->room) {
            writer->bytes[writer->length] = text.bytes[i];
        }
        writer->length++;
    }
}

static inline void sk_put_number(SkWriter *writer, uint32_t number) {
    char digits[10];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    sk_put(writer, (SkText){digits + first, sizeof digits - first});
}

/* A number of thousandths with no more decimals than it needs: 3850 is 3.85, 5000 is 5. */
static inline void sk_put_thousandths(SkWriter *writer, uint32_t thousandths) {
    uint32_t rest = thousandths % 1000;
    sk_put_number(writer, thousandths / 1000);
    if (rest > 0) {
        char decimals[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
        size_t length = sizeof decimals;
        while (decimals[length - 1] == '0') {
            length--;
        }
        sk_put(writer, (SkText){decimals, length});
    }
}

#endif
