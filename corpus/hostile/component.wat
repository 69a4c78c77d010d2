;; A small honest plugin as a component. What stands between two angle brackets is put in: an edit of a row in
;; components.toml, or what component.toml has by that name.
(component
  <imports>
  (import "signalk:plugin-api/plugin-status@1.0.0" (instance $status
    (export "set-plugin-status" (func (param "message" string)))))
  (import "signalk:plugin-api/plugin-config@1.0.0" (instance $config
    (export "save-plugin-options" (func (param "config" string) (result (result (error string)))))))
  (import "signalk:plugin-api/full-model@1.0.0" (instance $model
    (export "get-self-path" (func (param "path" string) (result (option string))))))
  (import "signalk:plugin-api/delta-handler@1.0.0" (instance $deltas
    (type $source (record (field "label" string) (field "type" (option string))))
    (export "source-ref" (type $source-ref (eq $source)))
    (type $pair (record (field "path" string) (field "value" string)))
    (export "path-value" (type $path-value (eq $pair)))
    (type $one (record (field "source" $source-ref) (field "timestamp" string) (field "values" (list $path-value))))
    (export "update" (type $update (eq $one)))
    (type $all (record (field "context" string) (field "updates" (list $update))))
    (export "delta" (type $delta (eq $all)))
    (export "handle-message" (func (param "plugin-id" string) (param "delta" $delta)))))
  (core module $Library
    (memory (export "memory") <memory>)
    (global $heap (mut i32) (i32.const 131072))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $at i32) <realloc>))
  (core instance $library (instantiate $Library))
  (alias core export $library "memory" (core memory $memory))
  (alias core export $library "realloc" (core func $realloc))
  (core func $set_status (canon lower (func $status "set-plugin-status") (memory $memory) (realloc $realloc)))
  (core func $save (canon lower (func $config "save-plugin-options") (memory $memory) (realloc $realloc)))
  (core func $look (canon lower (func $model "get-self-path") (memory $memory) (realloc $realloc)))
  (core func $emit (canon lower (func $deltas "handle-message") (memory $memory) (realloc $realloc)))
  <lowered>
  (core module $Main
    (import "host" "memory" (memory 4))
    (import "host" "set_status" (func $set_status (param i32 i32)))
    (import "host" "save" (func $save (param i32 i32 i32)))
    (import "host" "look" (func $look (param i32 i32 i32)))
    (import "host" "emit" (func $emit (param i32 i32 i32 i32 i32 i32)))
    <core_imports>
    (data (i32.const 1024) "hostile")
    (data (i32.const 1040) "{}")
    (data (i32.const 1056) "started")
    (data (i32.const 1072) "vessels.self")
    (data (i32.const 1088) "navigation.speedOverGround")
    (func $text (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 64) (local.get $at)) (i32.store (i32.const 68) (local.get $length)) (i32.const 64))
    (func $well (result i32) (i32.store8 (i32.const 64) (i32.const 0)) (i32.const 64))
    <fields>
    (func (export "id") (result i32) <id>)
    (func (export "name") (result i32) <name>)
    (func (export "schema") (result i32) <schema>)
    (func (export "start") (param $config i32) (param $length i32) (result i32) <start>)
    (func (export "stop") (result i32) <stop>)
    (func (export "freed") (param i32) <freed>))
  (core instance $main (instantiate $Main (with "host" (instance
    (export "memory" (memory $memory)) (export "set_status" (func $set_status)) (export "save" (func $save))
    (export "look" (func $look)) (export "emit" (func $emit)) <core_exports>))))
  (func $id (result string) (canon lift (core func $main "id") (memory $memory) (realloc $realloc) string-encoding=<encoding>))
  (func $name (result string)
    (canon lift (core func $main "name") (memory $memory) (realloc $realloc) string-encoding=<encoding> (post-return (core func $main "freed"))))
  (func $schema (result string) (canon lift (core func $main "schema") (memory $memory) (realloc $realloc) string-encoding=<encoding>))
  (func $start (param "config" string) (result (result (error string)))
    (canon lift (core func $main "start") (memory $memory) (realloc $realloc) string-encoding=utf8))
  (func $stop (result (result (error string)))
    (canon lift (core func $main "stop") (memory $memory) (realloc $realloc) string-encoding=utf8))
  (instance $api <exports>)
  (export "<interface>" (instance $api)))
