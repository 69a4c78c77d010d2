;; The plugin of the rows replay-buffer and replay-emitting, in the buffer dialect. With the configuration {} it looks at
;; what it is given and says nothing; with any longer one it emits what it is given, with one letter changed: the first
;; of the vessel's id, "c", becomes "d", by which it knows its own deltas again, and is silent.
(module
  (import "env" "sk_handle_message" (func $emit (param i32 i32)))
  (memory (export "memory") 4)
  (global $heard (mut i32) (i32.const 0))
  (global $emits (mut i32) (i32.const 0))
  (data (i32.const 0) "relay")
  (data (i32.const 16) "{}")
  (func $say (param $from i32) (param $length i32) (param $out i32) (result i32)
    (memory.copy (local.get $out) (local.get $from) (local.get $length))
    (local.get $length))
  (func (export "plugin_id") (param i32 i32) (result i32) (call $say (i32.const 0) (i32.const 5) (local.get 0)))
  (func (export "plugin_name") (param i32 i32) (result i32) (call $say (i32.const 0) (i32.const 5) (local.get 0)))
  (func (export "plugin_schema") (param i32 i32) (result i32) (call $say (i32.const 16) (i32.const 2) (local.get 0)))
  ;; The host has "enableDebug" in every configuration: what is longer than that has more.
  (func (export "plugin_start") (param i32 i32) (result i32)
    (global.set $emits (i32.gt_u (local.get 1) (i32.const 24)))
    (i32.const 0))
  (func (export "plugin_stop") (result i32) (i32.const 0))
  (func (export "allocate") (param i32) (result i32) (i32.const 65536))
  (func (export "deallocate") (param i32 i32))
  (func (export "delta_handler") (param $at i32) (param $length i32)
    (global.set $heard (i32.add (global.get $heard) (i32.load8_u (local.get $at))))
    (if (i32.and (global.get $emits) (i32.eq (i32.load8_u offset=41 (local.get $at)) (i32.const 99)))
      (then
        (i32.store8 offset=41 (local.get $at) (i32.const 100))
        (call $emit (local.get $at) (local.get $length))))))
