/*
 * What a Signal K server offers to a core WebAssembly plugin, for C, and how a C function becomes an export of one.
 *
 * Texts cross the boundary as a pointer into the plugin's memory and a count of bytes of UTF-8, without a final NUL.
 * No function traps: one that fails, or whose capability the plugin was not granted, returns the failure value named
 * here and does nothing. A plugin imports only what it calls.
 */
#ifndef SIGNALK_H
#define SIGNALK_H

#include <stddef.h>
#include <stdint.h>

#define SK_IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#define SK_EXPORT(name) __attribute__((export_name(name)))

/* ---- What the plugin tells those who run the server --------------------------------------------------------------- */

SK_IMPORT("sk_debug") void sk_debug(const char *text, size_t length);
SK_IMPORT("sk_set_status") void sk_set_status(const char *text, size_t length);
SK_IMPORT("sk_set_error") void sk_set_error(const char *text, size_t length);

/* 1 if the server granted the capability (such as "dataWrite") to this plugin, else 0. */
SK_IMPORT("sk_has_capability") int32_t sk_has_capability(const char *name, size_t length);

/* ---- Data --------------------------------------------------------------------------------------------------------- */

/* Emits a delta, which is JSON (dataWrite). `version` is that of the Signal K data model: 1 or 2. */
SK_IMPORT("sk_handle_message") void sk_handle_message(const char *delta, size_t length, int32_t version);

/* Raises a notification, or clears it with `null` (dataWrite). 0, or -1. */
SK_IMPORT("sk_publish_notification")
int32_t sk_publish_notification(const char *path, size_t path_length, const char *value, size_t value_length);

/* What is at a path below the own vessel, or of the whole model, as JSON (dataRead). The bytes written; 0 for nothing. */
SK_IMPORT("sk_get_self_path")
int32_t sk_get_self_path(const char *path, size_t path_length, char *out, size_t room);
SK_IMPORT("sk_get_path") int32_t sk_get_path(const char *path, size_t path_length, char *out, size_t room);

/* ---- The plugin's configuration ----------------------------------------------------------------------------------- */

/* The bytes written, `{}` when nothing is saved; 0 where it does not fit. */
SK_IMPORT("sk_read_config") int32_t sk_read_config(char *out, size_t room);
/* 0; negative where the text is not JSON. */
SK_IMPORT("sk_save_config") int32_t sk_save_config(const char *config, size_t length);

/* ---- What the plugin is asked to do: 1, or 0 ---------------------------------------------------------------------- */

/* The plugin exports `handle_put_{context}_{path}`, each dot an underscore (putHandlers). */
SK_IMPORT("sk_register_put_handler")
int32_t sk_register_put_handler(const char *context, size_t context_length, const char *path, size_t path_length);
SK_IMPORT("sk_register_resource_provider") int32_t sk_register_resource_provider(const char *type, size_t length);
SK_IMPORT("sk_register_weather_provider") int32_t sk_register_weather_provider(const char *name, size_t length);
SK_IMPORT("sk_register_radar_provider") int32_t sk_register_radar_provider(const char *name, size_t length);

/* ---- Streams of bytes: 1, or 0 ------------------------------------------------------------------------------------ */

SK_IMPORT("sk_radar_emit_spokes")
int32_t sk_radar_emit_spokes(const char *radar, size_t radar_length, const void *data, size_t length);
SK_IMPORT("sk_emit_binary_stream")
int32_t sk_emit_binary_stream(const char *stream, size_t stream_length, const void *data, size_t length);

/* ---- UDP (rawSockets): 0 or as said, -1 for failure. Nothing waits ------------------------------------------------ */

SK_IMPORT("sk_udp_create") int32_t sk_udp_create(int32_t type); /* 0 udp4, 1 udp6; an id above 0 */
SK_IMPORT("sk_udp_bind") int32_t sk_udp_bind(int32_t id, int32_t port);
SK_IMPORT("sk_udp_join_multicast")
int32_t sk_udp_join_multicast(int32_t id, const char *group, size_t group_length, const char *interface, size_t length);
SK_IMPORT("sk_udp_leave_multicast")
int32_t sk_udp_leave_multicast(int32_t id, const char *group, size_t group_length, const char *interface, size_t length);
SK_IMPORT("sk_udp_set_multicast_ttl") int32_t sk_udp_set_multicast_ttl(int32_t id, int32_t ttl);
SK_IMPORT("sk_udp_set_multicast_loopback") int32_t sk_udp_set_multicast_loopback(int32_t id, int32_t on);
SK_IMPORT("sk_udp_set_broadcast") int32_t sk_udp_set_broadcast(int32_t id, int32_t on);
/* The bytes accepted. */
SK_IMPORT("sk_udp_send")
int32_t sk_udp_send(int32_t id, const char *address, size_t address_length, int32_t port, const void *data, size_t length);
/* The bytes of one datagram; 0 for none. `address` has room for 46 bytes and ends in NUL. */
SK_IMPORT("sk_udp_recv")
int32_t sk_udp_recv(int32_t id, void *out, size_t room, char *address, uint16_t *port);
SK_IMPORT("sk_udp_pending") int32_t sk_udp_pending(int32_t id);
SK_IMPORT("sk_udp_close") void sk_udp_close(int32_t id);

/* ---- TCP (rawSockets): the same ----------------------------------------------------------------------------------- */

SK_IMPORT("sk_tcp_create") int32_t sk_tcp_create(void); /* an id above 0 */
SK_IMPORT("sk_tcp_connect")
int32_t sk_tcp_connect(int32_t id, const char *address, size_t address_length, int32_t port);
SK_IMPORT("sk_tcp_connected") int32_t sk_tcp_connected(int32_t id); /* 1, 0 */
SK_IMPORT("sk_tcp_set_line_buffering") int32_t sk_tcp_set_line_buffering(int32_t id, int32_t on);
SK_IMPORT("sk_tcp_send") int32_t sk_tcp_send(int32_t id, const void *data, size_t length);
SK_IMPORT("sk_tcp_recv_line") int32_t sk_tcp_recv_line(int32_t id, char *out, size_t room);
SK_IMPORT("sk_tcp_recv_raw") int32_t sk_tcp_recv_raw(int32_t id, void *out, size_t room);
SK_IMPORT("sk_tcp_pending") int32_t sk_tcp_pending(int32_t id);
SK_IMPORT("sk_tcp_close") void sk_tcp_close(int32_t id);

#endif
