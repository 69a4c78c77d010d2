/*
 * The types of the world as the canonical ABI of WebAssembly components lays them out in memory: a string or a list
 * is a pointer and a count; an option, a result or any other variant is a tag of one byte and then, at the next
 * place that is aligned for it, what the case carries.
 *
 * Function parameters are passed one by one, records taken apart into their fields, up to sixteen of them. A result
 * that does not fit one number is written to memory: an import gets the address as its last parameter, an export
 * returns it.
 */
#ifndef CANONICAL_H
#define CANONICAL_H

#include <stddef.h>
#include <stdint.h>

#define IMPORT(interface, name) __attribute__((import_module(interface), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

typedef struct {
    const char *bytes; /* UTF-8, no final NUL */
    size_t length;
} String;

#define STRING(literal) ((String){(literal), sizeof(literal) - 1})

/* option<string> */
typedef struct {
    uint8_t some;
    String value;
} OptionString;

/* result<_, string> */
typedef struct {
    uint8_t failed;
    String error;
} Result;

/* ---- signalk:plugin-api/delta-handler ---- */

typedef struct {
    String label;
    OptionString type;
} SourceRef;

typedef struct {
    String path;
    String value; /* JSON */
} PathValue;

typedef struct {
    const PathValue *items;
    size_t count;
} PathValues;

typedef struct {
    SourceRef source;
    String timestamp;
    PathValues values;
} Update;

_Static_assert(sizeof(Update) == 36, "the layout of a record update");

/* ---- wasi:filesystem ---- */

typedef int32_t Descriptor; /* a handle, which its owner drops */

typedef struct {
    Descriptor descriptor;
    String path;
} Directory;

/* list<tuple<descriptor, string>> */
typedef struct {
    const Directory *items;
    size_t count;
} Directories;

/* result<descriptor, error-code> */
typedef struct {
    uint8_t failed;
    union {
        Descriptor descriptor;
        uint8_t error;
    };
} OpenResult;

/* result<tuple<list<u8>, bool>, error-code> */
typedef struct {
    uint8_t failed;
    union {
        struct {
            String bytes;
            uint8_t at_end;
        };
        uint8_t error;
    };
} ReadResult;

/* result<filesize, error-code> */
typedef struct {
    uint8_t failed;
    union {
        uint64_t size;
        uint8_t error;
    };
} WriteResult;

#endif
