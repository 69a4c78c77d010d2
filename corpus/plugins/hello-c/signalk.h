/*
 * What a Signal K server offers to a core WebAssembly plugin, as far as this plugin uses it, and how a C function
 * becomes an export of the plugin.
 *
 * Texts cross the boundary as a pointer into the plugin's memory and a count of bytes of UTF-8, without a final NUL.
 */
#ifndef SIGNALK_H
#define SIGNALK_H

#include <stddef.h>
#include <stdint.h>

#define SK_IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#define SK_EXPORT(name) __attribute__((export_name(name)))

/* The state of the plugin, and what is wrong with it, for the server's administration pages. */
SK_IMPORT("sk_set_status") void sk_set_status(const char *text, size_t length);
SK_IMPORT("sk_set_error") void sk_set_error(const char *text, size_t length);

/* 1 if the server granted the capability (such as "dataWrite") to this plugin, else 0. */
SK_IMPORT("sk_has_capability") int32_t sk_has_capability(const char *name, size_t length);

/* Emits a delta, which is JSON. `version` is that of the Signal K data model: 1 or 2. */
SK_IMPORT("sk_handle_message") void sk_handle_message(const char *delta, size_t length, int32_t version);

#endif
