/* Putting texts together and looking into JSON, without a C library. */
#ifndef TEXT_H
#define TEXT_H

#include "canonical.h"

#include <stdbool.h>

typedef struct {
    char bytes[64];
    size_t length;
} Text;

/* What does not fit is cut off. */
void append(Text *text, const char *more);
void append_number(Text *text, unsigned number);
String as_string(const Text *text);

bool equal(String one, String other);

/* Whether the first thing in a JSON text is the brace of an object. */
bool is_object(String json);

/*
 * Whether some object in the JSON text has a member of this name and value, both given as JSON. It needs no parser:
 * quotes inside of JSON strings are escaped, so the name in its quotes, followed by a colon, is always a name.
 */
bool has_member(String json, String name, String value);

/* The number that decimal digits stand for, with or without white space around them; 0 for anything else. */
unsigned parse_count(String text, size_t max_digits);

#endif
