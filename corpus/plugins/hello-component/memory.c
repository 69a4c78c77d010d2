/*
 * Memory for what the host passes in: arguments of exports and results of imports.
 *
 * All of it is needed until the running export returns and no longer. So blocks are taken from the end of the
 * memory one after the other, and reset_memory, called at the end of every export, takes all of them back.
 */
#include "canonical.h"

#include "memory.h"

enum { PAGE = 65536 };

extern unsigned char __heap_base; /* from the linker: where the plugin's own data ends */

static size_t in_use; /* bytes beyond __heap_base */

void reset_memory(void) {
    in_use = 0;
}

/* The host calls this. There is no way to refuse but to trap. */
EXPORT("cabi_realloc")
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
