/* Small files in the plugin's own directory, by WASI 0.2. Paths are relative to that directory. */
#ifndef FILES_H
#define FILES_H

#include "canonical.h"

#include <stdbool.h>

/* The first `limit` bytes of a file; an empty text where there is no file or it cannot be read. */
String read_file(String path, size_t limit);

/* Makes a text the whole content of a file. Tells whether that worked. */
bool write_file(String path, String text);

#endif
