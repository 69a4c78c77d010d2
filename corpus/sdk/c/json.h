/*
 * Looks into JSON without making anything of it: a value is the piece of text that it stands in.
 *
 * `sk_json` checks the whole text once, by RFC 8259 and for UTF-8. All the others take what it returned, or a part of
 * that, and need not check anything again.
 */
#ifndef SK_JSON_H
#define SK_JSON_H

#include "text.h"

/* The value without the white space around it; an empty text if this is not JSON, or nested deeper than 250. */
SkText sk_json(SkText text);

bool sk_is_object(SkText value);
bool sk_is_array(SkText value);

/*
 * The next member of an object or element of an array; false where there is none left, or the value is neither.
 * `at` begins as 0. `name` may be null.
 */
bool sk_next(SkText container, size_t *at, SkText *name, SkText *value);

/* The member of this name, which is plain ASCII; of several the last. An empty text where there is none. */
SkText sk_member(SkText object, SkText name);

/* Whether a value is the JSON string of a text of plain ASCII, however it is escaped. */
bool sk_is_string(SkText value, SkText text);

/* Writes what a JSON string of plain ASCII stands for; false if the value is no such string. */
bool sk_put_ascii(SkWriter *writer, SkText value);

/*
 * A number in thousandths, cut towards zero, worked out from its digits: the same on every machine. False if the value
 * is no number, or a million or more.
 */
bool sk_thousandths(SkText value, int32_t *thousandths);

#endif
