/*
 * What a Signal K server offers to a plugin that is a WebAssembly component, for C: the WIT package
 * signalk:plugin-api 1.0 as the canonical ABI lays it out, and small files by WASI 0.2 (component.c).
 *
 * A string or a list is a pointer and a count; an option, a result or any other variant is a tag of one byte and then, at
 * the next place that is aligned for it, what the case carries. Parameters are passed one by one, records taken apart into
 * their fields. A result that does not fit one number is written to memory: an import gets the address as its last
 * parameter, an export returns it.
 */
#ifndef SK_COMPONENT_H
#define SK_COMPONENT_H

#include "text.h"

#define SK_PLUGIN_INTERFACE "signalk:plugin-api/plugin-interface@1.0.0"
#define SK_DELTA_HANDLER "signalk:plugin-api/delta-handler@1.0.0"
#define SK_PLUGIN_CONFIG "signalk:plugin-api/plugin-config@1.0.0"
#define SK_PLUGIN_STATUS "signalk:plugin-api/plugin-status@1.0.0"
#define SK_FULL_MODEL "signalk:plugin-api/full-model@1.0.0"

#define SK_FROM(interface, name) __attribute__((import_module(interface), import_name(name)))
#define SK_EXPORT(name) __attribute__((export_name(name)))

/* option<string> */
typedef struct {
    uint8_t some;
    SkText value;
} SkOption;

/* result<_, string> */
typedef struct {
    uint8_t failed;
    SkText error;
} SkResult;

/* ---- delta-handler ------------------------------------------------------------------------------------------------ */

typedef struct {
    SkText label;
    SkOption type;
} SkSource;

typedef struct {
    SkText path;
    SkText value; /* JSON */
} SkPathValue;

typedef struct {
    const SkPathValue *items;
    size_t count;
} SkPathValues;

typedef struct {
    SkSource source;
    SkText timestamp; /* empty: the server fills in the time */
    SkPathValues values;
} SkUpdate;

_Static_assert(sizeof(SkUpdate) == 36, "the layout of a record update");

/* Without the capability dataWrite this does not return: the server ends the call, and nothing tells beforehand. */
SK_FROM(SK_DELTA_HANDLER, "handle-message")
void sk_handle_message(const char *plugin_id, size_t id_length, const char *context, size_t context_length,
                       const SkUpdate *updates, size_t update_count);

/* ---- plugin-config, plugin-status, full-model --------------------------------------------------------------------- */

SK_FROM(SK_PLUGIN_CONFIG, "read-plugin-options") void sk_read_plugin_options(SkText *result);
SK_FROM(SK_PLUGIN_CONFIG, "save-plugin-options")
void sk_save_plugin_options(const char *config, size_t length, SkResult *result);
SK_FROM(SK_PLUGIN_CONFIG, "get-data-dir-path") void sk_get_data_dir_path(SkText *result);

SK_FROM(SK_PLUGIN_STATUS, "set-plugin-status") void sk_set_plugin_status(const char *message, size_t length);
SK_FROM(SK_PLUGIN_STATUS, "set-plugin-error") void sk_set_plugin_error(const char *message, size_t length);
SK_FROM(SK_PLUGIN_STATUS, "debug") void sk_debug(const char *message, size_t length);
SK_FROM(SK_PLUGIN_STATUS, "error") void sk_error(const char *message, size_t length);

/* They do not return either where the capability dataRead is missing. */
SK_FROM(SK_FULL_MODEL, "get-self-path") void sk_get_self_path(const char *path, size_t length, SkOption *result);
SK_FROM(SK_FULL_MODEL, "get-path") void sk_get_path(const char *path, size_t length, SkOption *result);

/* ---- component.c -------------------------------------------------------------------------------------------------- */

/* Takes back everything that the host passed in since the last time. The last thing that an export does. */
void sk_reset_memory(void);

/* At most `limit` bytes of a file in the plugin's own directory; empty where there is none, or it cannot be read. */
SkText sk_read_file(SkText path, size_t limit);

/* Makes a text the whole content of a file. Tells whether that worked. */
bool sk_write_file(SkText path, SkText text);

#endif
