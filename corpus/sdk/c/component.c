#include "component.h"

/* ---- Memory for what the host passes in: arguments of exports and results of imports ---------------------------- */

/*
 * All of it is needed until the running export returns and no longer. So blocks are taken from the end of the memory one
 * after the other, and all are taken back at once.
 */

enum { PAGE = 65536 };

extern unsigned char __heap_base; /* from the linker: where the plugin's own data ends */

static size_t in_use; /* bytes beyond __heap_base */

void sk_reset_memory(void) {
    in_use = 0;
}

/* The host calls this. There is no way to refuse but to trap. */
SK_EXPORT("cabi_realloc")
void *cabi_realloc(unsigned char *old, size_t old_size, size_t alignment, size_t size) {
    uint64_t base = (uint64_t)(uintptr_t)&__heap_base;
    uint64_t start = (base + in_use + alignment - 1) / alignment * alignment;
    uint64_t end = start + size;
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * PAGE;

    if (end > have) {
        uint64_t pages = (end - have + PAGE - 1) / PAGE;
        if (pages > UINT16_MAX || __builtin_wasm_memory_grow(0, (size_t)pages) == SIZE_MAX) {
            __builtin_trap();
        }
    }
    in_use = (size_t)(end - base);

    unsigned char *block = (unsigned char *)(uintptr_t)start;
    for (size_t i = 0; i < old_size && i < size; i++) {
        block[i] = old[i];
    }
    return block;
}

/* ---- Small files, by WASI 0.2 ------------------------------------------------------------------------------------- */

#define PREOPENS "wasi:filesystem/preopens@0.2.0"
#define TYPES "wasi:filesystem/types@0.2.0"

typedef int32_t Descriptor; /* a handle, which its owner drops */

typedef struct {
    Descriptor descriptor;
    SkText path;
} Directory;

/* list<tuple<descriptor, string>> */
typedef struct {
    const Directory *items;
    size_t count;
} Directories;

/* result<descriptor, error-code> */
typedef struct {
    uint8_t failed;
    Descriptor descriptor;
} OpenResult;

/* result<tuple<list<u8>, bool>, error-code> */
typedef struct {
    uint8_t failed;
    SkText bytes;
    uint8_t at_end;
} ReadResult;

/* result<filesize, error-code> */
typedef struct {
    uint8_t failed;
    uint64_t size;
} WriteResult;

SK_FROM(PREOPENS, "get-directories") void get_directories(Directories *result);
SK_FROM(TYPES, "[method]descriptor.open-at")
void descriptor_open_at(Descriptor self, int32_t path_flags, const char *path, size_t path_length, int32_t open_flags,
                        int32_t flags, OpenResult *result);
SK_FROM(TYPES, "[method]descriptor.read")
void descriptor_read(Descriptor self, uint64_t length, uint64_t offset, ReadResult *result);
SK_FROM(TYPES, "[method]descriptor.write")
void descriptor_write(Descriptor self, const char *bytes, size_t length, uint64_t offset, WriteResult *result);
SK_FROM(TYPES, "[resource-drop]descriptor") void descriptor_drop(Descriptor self);

/* Flags are bits in the order in which the WIT names them. */
enum { OPEN_CREATE = 1 << 0, OPEN_TRUNCATE = 1 << 3 };
enum { FLAG_READ = 1 << 0, FLAG_WRITE = 1 << 1 };

enum { NO_DESCRIPTOR = -1 };

/* Opens a file in the directory that the host calls "/". */
static Descriptor open_file(SkText path, int32_t open_flags, int32_t flags) {
    Directories directories;
    Descriptor file = NO_DESCRIPTOR;

    get_directories(&directories);
    for (size_t i = 0; i < directories.count; i++) {
        const Directory *directory = &directories.items[i];
        if (file == NO_DESCRIPTOR && sk_equal(directory->path, SK_TEXT("/"))) {
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

SkText sk_read_file(SkText path, size_t limit) {
    SkText text = SK_TEXT("");
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

bool sk_write_file(SkText path, SkText text) {
    Descriptor file = open_file(path, OPEN_CREATE | OPEN_TRUNCATE, FLAG_WRITE);
    if (file == NO_DESCRIPTOR) {
        return false;
    }
    WriteResult result;
    descriptor_write(file, text.bytes, text.length, 0, &result);
    descriptor_drop(file);
    return !result.failed && result.size == text.length;
}
