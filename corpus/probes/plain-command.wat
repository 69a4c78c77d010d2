(module
  ;; A program of the command dialect with nothing in it: `_start`, and the exports of which nothing says what they take.
  ;; Checks replace passages of this text.
  (import "env" "sk_debug" (func $debug (param i32 i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "ran")
  (data (i32.const 32) "called")
  (data (i32.const 48) "printed\n")
  ;; more data
  (func (export "_start")
    (call $debug (i32.const 16) (i32.const 3))
    (; start ;))
  (func $called (call $debug (i32.const 32) (i32.const 6)))
  (func (export "id") (call $called))
  (func (export "name") (call $called))
  (func (export "schema") (call $called))
  (func (export "start") (call $called))
  (func (export "stop") (call $called))
  ;; more exports
)
