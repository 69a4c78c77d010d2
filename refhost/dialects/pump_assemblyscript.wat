  ;; How a delta comes into a plugin in AssemblyScript: as UTF-16, in a string that it makes, pinned while it is there.
  ;; How many bytes a text has in UTF-16.
  (func $size (param $p i32) (param $length i32) (result i32) (local $end i32) (local $units i32) (local $c i32)
    (local.set $end (i32.add (local.get $p) (local.get $length)))
    (local.set $units (local.get $length))
    (block $out (loop $on
      (br_if $out (i32.ge_u (local.get $p) (local.get $end)))
      (if (i32.eqz (i8x16.bitmask (v128.load $own (local.get $p)))) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $on)))
      (local.set $c (i32.load8_u $own (local.get $p)))
      ;; A byte that goes on with a character is no unit of its own, but that of the last two of four.
      (if (i32.eq (i32.and (local.get $c) (i32.const 0xc0)) (i32.const 0x80))
        (then (local.set $units (i32.sub (local.get $units) (i32.const 1)))))
      (if (i32.ge_u (local.get $c) (i32.const 0xf0))
        (then (local.set $units (i32.add (local.get $units) (i32.const 1)))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $on)))
    (i32.shl (local.get $units) (i32.const 1)))

  (func $widen (param $p i32) (param $length i32) (param $to i32) (local $end i32) (local $c i32) (local $block v128)
    (local.set $end (i32.add (local.get $p) (local.get $length)))
    (block $out (loop $on
      (br_if $out (i32.ge_u (local.get $p) (local.get $end)))
      (local.set $block (v128.load $own (local.get $p)))
      (if (i32.and
            (i32.ge_u (i32.sub (local.get $end) (local.get $p)) (i32.const 16))
            (i32.eqz (i8x16.bitmask (local.get $block))))
        (then
          (v128.store $plugin (local.get $to) (i16x8.extend_low_i8x16_u (local.get $block)))
          (v128.store $plugin offset=16 (local.get $to) (i16x8.extend_high_i8x16_u (local.get $block)))
          (local.set $p (i32.add (local.get $p) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 32)))
          (br $on)))
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (if (i32.ge_u (local.get $c) (i32.const 0xf0)) (then
        (local.set $c (i32.sub
          (i32.or (i32.or
            (i32.shl (i32.and (local.get $c) (i32.const 7)) (i32.const 18))
            (i32.shl (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63)) (i32.const 12)))
            (i32.or
              (i32.shl (i32.and (i32.load8_u $own offset=1 (local.get $p)) (i32.const 63)) (i32.const 6))
              (i32.and (i32.load8_u $own offset=2 (local.get $p)) (i32.const 63))))
          (i32.const 0x10000)))
        (local.set $p (i32.add (local.get $p) (i32.const 3)))
        (i32.store16 $plugin (local.get $to) (i32.or (i32.const 0xd800) (i32.shr_u (local.get $c) (i32.const 10))))
        (local.set $to (i32.add (local.get $to) (i32.const 2)))
        (local.set $c (i32.or (i32.const 0xdc00) (i32.and (local.get $c) (i32.const 0x3ff)))))
      (else (if (i32.ge_u (local.get $c) (i32.const 0xe0)) (then
        (local.set $c (i32.or (i32.or
          (i32.shl (i32.and (local.get $c) (i32.const 15)) (i32.const 12))
          (i32.shl (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63)) (i32.const 6)))
          (i32.and (i32.load8_u $own offset=1 (local.get $p)) (i32.const 63))))
        (local.set $p (i32.add (local.get $p) (i32.const 2))))
      (else (if (i32.ge_u (local.get $c) (i32.const 0xc0)) (then
        (local.set $c (i32.or
          (i32.shl (i32.and (local.get $c) (i32.const 31)) (i32.const 6))
          (i32.and (i32.load8_u $own (local.get $p)) (i32.const 63))))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))))))))
      (i32.store16 $plugin (local.get $to) (local.get $c))
      (local.set $to (i32.add (local.get $to) (i32.const 2)))
      (br $on))))

  (func $pass (param $from i32) (param $length i32) (result i32) (local $place i32) (local $size i32)
    (local.set $size (call $size (local.get $from) (local.get $length)))
    (i32.store $own (i32.const 12) (i32.const 0))
    (local.set $place (call $__new (local.get $size) (i32.const 2)))
    (call $breathe)
    (i32.store $own (i32.const 16) (local.get $place))
    (if (call $outside (local.get $place) (local.get $size)) (then (return (i32.const 1))))
    (call $widen (local.get $from) (local.get $length) (local.get $place))
    (i32.store $own (i32.const 12) (i32.const 1))
    (drop (call $__pin (local.get $place)))
    (call $breathe)
    (i32.store $own (i32.const 12) (i32.const 2))
    (call $delta_handler (local.get $place))
    (call $breathe)
    (i32.store $own (i32.const 12) (i32.const 3))
    (call $__unpin (local.get $place))
    (call $breathe)
    (i32.const 0))
