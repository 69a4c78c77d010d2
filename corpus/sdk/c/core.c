#include "core.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

SK_EXPORT("allocate") void *allocate(size_t size) {
    return malloc(size > 0 ? size : 1); /* even a text of no bytes has an address */
}

SK_EXPORT("deallocate") void deallocate(void *memory, size_t size) {
    (void)size;
    free(memory);
}

size_t sk_hand_out(SkText text, char *out, size_t room) {
    if (text.length <= room) {
        memcpy(out, text.bytes, text.length);
    }
    return text.length;
}

void sk_begin_value(SkWriter *delta, const char *path) {
    bool first = delta->length == 0;
    sk_put(delta, first ? SK_TEXT("{\"context\":\"vessels.self\",\"updates\":[{\"values\":[") : SK_TEXT(","));
    sk_put(delta, SK_TEXT("{\"path\":\""));
    sk_put(delta, (SkText){path, strlen(path)});
    sk_put(delta, SK_TEXT("\",\"value\":"));
}

void sk_end_value(SkWriter *delta) {
    sk_put(delta, SK_TEXT("}"));
}

void sk_emit(SkWriter *delta) {
    sk_put(delta, SK_TEXT("]}]}"));
    sk_handle_message(delta->bytes, sk_written(delta).length, 1);
    delta->length = 0;
}

SkText sk_read_file(const char *path, char *out, size_t room) {
    int file = open(path, O_RDONLY);
    if (file < 0) {
        return SK_TEXT("");
    }
    ssize_t size = read(file, out, room);
    char more;
    bool whole = size >= 0 && read(file, &more, 1) == 0;
    close(file);
    return (SkText){out, whole ? (size_t)size : 0};
}

bool sk_write_file(const char *path, SkText text) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) {
        return false;
    }
    bool written = write(file, text.bytes, text.length) == (ssize_t)text.length;
    return close(file) == 0 && written;
}
