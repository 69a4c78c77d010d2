/* What a core plugin in C needs besides the server's functions: memory for its texts, deltas, and small files. */
#ifndef SK_CORE_H
#define SK_CORE_H

#include "signalk.h"
#include "text.h"

/* core.c exports `allocate` and `deallocate`, by which the server gets memory for what it passes in. */

/*
 * Hands a text to the server, which offers room for `room` bytes. Returns the length of the text, as the export does. A
 * text that does not fit is not written at all; the server sees this from the length.
 */
size_t sk_hand_out(SkText text, char *out, size_t room);

/* Begins one more value of the delta about the own vessel that is put together; its JSON and `sk_end_value` follow. */
void sk_begin_value(SkWriter *delta, const char *path);
void sk_end_value(SkWriter *delta);

/* Emits the delta, and empties the writer. The server fills in the source, which is always the plugin, and the time. */
void sk_emit(SkWriter *delta);

/* A file in the plugin's own directory, which is "/"; empty where there is none, or it is longer than `room`. */
SkText sk_read_file(const char *path, char *out, size_t room);

/* Makes a text the whole content of a file. Tells whether that worked. */
bool sk_write_file(const char *path, SkText text);

#endif
