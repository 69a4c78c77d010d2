#include "files.h"

#include "text.h"

#define PREOPENS "wasi:filesystem/preopens@0.2.0"
#define TYPES "wasi:filesystem/types@0.2.0"

IMPORT(PREOPENS, "get-directories")
void get_directories(Directories *result);

IMPORT(TYPES, "[method]descriptor.open-at")
void descriptor_open_at(Descriptor self, int32_t path_flags, const char *path, size_t path_length, int32_t open_flags,
                        int32_t flags, OpenResult *result);

IMPORT(TYPES, "[method]descriptor.read")
void descriptor_read(Descriptor self, uint64_t length, uint64_t offset, ReadResult *result);

IMPORT(TYPES, "[method]descriptor.write")
void descriptor_write(Descriptor self, const char *bytes, size_t length, uint64_t offset, WriteResult *result);

IMPORT(TYPES, "[resource-drop]descriptor")
void descriptor_drop(Descriptor self);

/* Flags are bits in the order in which the WIT names them. */
enum { OPEN_CREATE = 1 << 0, OPEN_TRUNCATE = 1 << 3 };
enum { FLAG_READ = 1 << 0, FLAG_WRITE = 1 << 1 };

enum { NO_DESCRIPTOR = -1 };

/* Opens a file in the directory that the host calls "/". */
static Descriptor open_file(String path, int32_t open_flags, int32_t flags) {
    Directories directories;
    Descriptor file = NO_DESCRIPTOR;

    get_directories(&directories);
    for (size_t i = 0; i < directories.count; i++) {
        const Directory *directory = &directories.items[i];
        if (file == NO_DESCRIPTOR && equal(directory->path, STRING("/"))) {
            OpenResult opened;
            descriptor_open_at(directory->descriptor, 0, path.bytes, path.length, open_flags, flags, &opened);
            if (!opened.failed) {
                file = opened.descriptor;
            }
        }
        descriptor_drop(directory->descriptor);
    }
    return file;
}

String read_file(String path, size_t limit) {
    String text = STRING("");
    Descriptor file = open_file(path, 0, FLAG_READ);
    if (file != NO_DESCRIPTOR) {
        ReadResult result;
        descriptor_read(file, limit, 0, &result);
        if (!result.failed) {
            text = result.bytes;
        }
        descriptor_drop(file);
    }
    return text;
}

bool write_file(String path, String text) {
    Descriptor file = open_file(path, OPEN_CREATE | OPEN_TRUNCATE, FLAG_WRITE);
    if (file == NO_DESCRIPTOR) {
        return false;
    }
    WriteResult result;
    descriptor_write(file, text.bytes, text.length, 0, &result);
    descriptor_drop(file);
    return !result.failed && result.size == text.length;
}
