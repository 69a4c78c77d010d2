  ;; The door: what a plugin emits, as far as it is plain, admitted here and put behind the delta that is under way.
  ;; refhost/dialects/door.py has it in other words. Plain is what a delta is written as again byte for byte once it was
  ;; read: {"context","updates":[{"$source","timestamp","values":[{"path","value"}]}]} in this order, of which context,
  ;; $source and timestamp may be missing, with strings of printable ASCII without escapes, numbers as orjson writes them,
  ;; and objects of such with no key twice. Nothing else comes in here: it takes the long way, by the host.

  ;; Where a string ends that begins at $p, behind its quote; 0 where it is not plain. A line feed is none.
  (func $ascii (param $p i32) (result i32) (local $block v128) (local $found i32)
    (loop $on
      (local.set $block (v128.load $own (local.get $p)))
      (local.set $found (i8x16.bitmask (v128.or
        (i8x16.lt_s (local.get $block) (i8x16.splat (i32.const 32)))
        (v128.or
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 34)))
          (i8x16.eq (local.get $block) (i8x16.splat (i32.const 92)))))))
      (if (i32.eqz (local.get $found)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $on))))
    (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $found))))
    (select (i32.add (local.get $p) (i32.const 1)) (i32.const 0)
      (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 34))))

  ;; Where a number ends; 0 where it would be written otherwise: with an exponent, more than 15 digits, zeros at its end.
  (func $number (param $p i32) (result i32) (local $from i32) (local $dot i32) (local $c i32)
    (local.set $from (i32.add (local.get $p) (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 45))))
    (local.set $c (i32.ne (local.get $from) (local.get $p)))
    (local.set $p (local.get $from))
    ;; Minus zero is 0 when it is whole.
    (if (i32.and (local.get $c) (i32.and
          (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 48))
          (i32.ne (i32.load8_u $own offset=1 (local.get $p)) (i32.const 46))))
      (then (return (i32.const 0))))
    (loop $on
      (local.set $c (i32.load8_u $own (local.get $p)))
      (if (i32.lt_u (i32.sub (local.get $c) (i32.const 48)) (i32.const 10)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $on)))
      (if (i32.and (i32.eq (local.get $c) (i32.const 46)) (i32.eqz (local.get $dot))) (then
        (local.set $dot (local.get $p))
        (local.set $p (i32.add (local.get $p) (i32.const 1)))
        (br $on))))
    (if (i32.or
          (i32.eq (local.get $p) (local.get $from))
          (i32.gt_u (i32.sub (local.get $p) (local.get $from)) (i32.const 15)))
      (then (return (i32.const 0))))
    (if (i32.eq (i32.load8_u $own (local.get $from)) (i32.const 48)) (then
      (if (i32.ne (i32.add (local.get $from) (i32.const 1)) (select (local.get $dot) (local.get $p) (local.get $dot)))
        (then (return (i32.const 0))))
      (if (i32.and
            (i32.eq (i32.load $own (local.get $from)) {{4:0.00}})
            (i32.eq (i32.load16_u $own offset=4 (local.get $from)) {{2:00}}))
        (then (return (i32.const 0))))))
    (if (local.get $dot) (then
      (if (i32.or
            (i32.eq (local.get $dot) (local.get $from))
            (i32.eq (i32.add (local.get $dot) (i32.const 1)) (local.get $p)))
        (then (return (i32.const 0))))
      (if (i32.and
            (i32.eq (i32.load8_u $own (i32.sub (local.get $p) (i32.const 1))) (i32.const 48))
            (i32.ne (i32.add (local.get $dot) (i32.const 2)) (local.get $p)))
        (then (return (i32.const 0))))))
    (local.get $p))

  ;; Where a string, a number, true, false or null ends; 0 for anything else.
  (func $atom (param $p i32) (result i32) (local $c i32)
    (local.set $c (i32.load8_u $own (local.get $p)))
    (if (i32.eq (local.get $c) (i32.const 34))
      (then (return (call $ascii (i32.add (local.get $p) (i32.const 1))))))
    (local.set $c (i32.load $own (local.get $p)))
    (if (i32.or (i32.eq (local.get $c) {{4:true}}) (i32.eq (local.get $c) {{4:null}}))
      (then (return (i32.add (local.get $p) (i32.const 4)))))
    (if (i32.and
          (i32.eq (local.get $c) {{4:fals}})
          (i32.eq (i32.load8_u $own offset=4 (local.get $p)) (i32.const 101)))
      (then (return (i32.add (local.get $p) (i32.const 5)))))
    (call $number (local.get $p)))

  ;; Whether two texts that end with a quote are the same.
  (func $same (param $p i32) (param $q i32) (result i32) (local $c i32)
    (loop $on
      (local.set $c (i32.load8_u $own (local.get $p)))
      (if (i32.ne (local.get $c) (i32.load8_u $own (local.get $q))) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (local.set $q (i32.add (local.get $q) (i32.const 1)))
      (br_if $on (i32.ne (local.get $c) (i32.const 34))))
    (i32.const 1))

  ;; Where an object ends that begins at $p, behind its brace, with up to eight keys and nothing nested; 0 for any other.
  (func $flat (param $p i32) (result i32) (local $key i32) (local $end i32) (local $c i32)
    (local.set $end (i32.const {{keys}}))
    (loop $on
      (if (i32.or
            (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 34))
            (i32.eq (local.get $end) (i32.const {{keys end}})))
        (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (local.set $key (i32.const {{keys}}))
      (block $none_before (loop $before
        (br_if $none_before (i32.eq (local.get $key) (local.get $end)))
        (if (call $same (local.get $p) (i32.load $own (local.get $key))) (then (return (i32.const 0))))
        (local.set $key (i32.add (local.get $key) (i32.const 4)))
        (br $before)))
      (i32.store $own (local.get $end) (local.get $p))
      (local.set $end (i32.add (local.get $end) (i32.const 4)))
      (local.set $p (call $ascii (local.get $p)))
      (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
      (if (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 58)) (then (return (i32.const 0))))
      (local.set $p (call $atom (i32.add (local.get $p) (i32.const 1))))
      (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br_if $on (i32.eq (local.get $c) (i32.const 44))))
    (select (local.get $p) (i32.const 0) (i32.eq (local.get $c) (i32.const 125))))

  ;; Where the entries of an update end, behind {"values":[…]}; 0 where they are not plain.
  (func $entries (param $p i32) (result i32) (local $from i32) (local $c i32)
    (loop $entry
      (if (i64.ne (i64.load $own (local.get $p)) {{8:{"path":}}) (then (return (i32.const 0))))
      (if (i32.ne (i32.load8_u $own offset=8 (local.get $p)) (i32.const 34)) (then (return (i32.const 0))))
      (local.set $from (i32.add (local.get $p) (i32.const 9)))
      (local.set $p (call $ascii (local.get $from)))
      (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
      ;; So many characters have no more parts than a path may have.
      (if (i32.gt_u (i32.sub (local.get $p) (local.get $from)) (i32.load $own (i32.const 80)))
        (then (return (i32.const 0))))
      (if (i64.ne (i64.load $own (local.get $p)) {{8:,"value"}}) (then (return (i32.const 0))))
      (if (i32.ne (i32.load8_u $own offset=8 (local.get $p)) (i32.const 58)) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 9)))
      (local.set $p
        (if (result i32) (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 123))
          (then (call $flat (i32.add (local.get $p) (i32.const 1))))
          (else (call $atom (local.get $p)))))
      (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
      (local.set $c (i32.load16_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (br_if $entry (i32.eq (local.get $c) {{2:},}})))
    (if (i32.ne (local.get $c) {{2:}]}}) (then (return (i32.const 0))))
    (select (i32.add (local.get $p) (i32.const 1)) (i32.const 0)
      (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 125))))

  ;; Where the bytes end that are copied.
  (func $copied (param $to i32) (param $from i32) (param $length i32) (result i32)
    (memory.copy $own $own (local.get $to) (local.get $from) (local.get $length))
    (i32.add (local.get $to) (local.get $length)))

  ;; Where an emission ends that begins at $p and is written, as the bus carries it, from $to on; 0 where it is not plain.
  ;; Where that ends is kept at 88.
  (func $carried (param $p i32) (param $to i32) (result i32) (local $from i32) (local $c i32) (local $moment i32)
    (if (i32.and
          (i64.eq (i64.load $own (local.get $p)) {{8:{"contex}})
          (i32.eq (i32.load $own offset=8 (local.get $p)) {{4:t":"}}))
      (then
        (local.set $from (local.get $p))
        (local.set $p (call $ascii (i32.add (local.get $p) (i32.const 12))))
        (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
        (local.set $c (i32.sub (local.get $p) (local.get $from)))
        ;; No context, and vessels.self, stand for another.
        (if (i32.or (i32.eq (local.get $c) (i32.const 13))
              (i32.and (i32.eq (local.get $c) (i32.const 25))
                (i32.and
                  (i64.eq (i64.load $own offset=12 (local.get $from)) {{8:vessels.}})
                  (i32.eq (i32.load $own offset=20 (local.get $from)) {{4:self}}))))
          (then
            (local.set $to (call $copied (local.get $to) (i32.const {{context}}) (i32.load $own (i32.const 72)))))
          (else (local.set $to (call $copied (local.get $to) (local.get $from) (local.get $c)))))
        (if (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 44)) (then (return (i32.const 0)))))
      (else
        (if (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 123)) (then (return (i32.const 0))))
        (local.set $to (call $copied (local.get $to) (i32.const {{context}}) (i32.load $own (i32.const 72))))))
    (if (i64.ne (i64.load $own offset=1 (local.get $p)) {{8:"updates}}) (then (return (i32.const 0))))
    (if (i32.ne (i32.and (i32.load $own offset=9 (local.get $p)) (i32.const 0xffffff)) {{4:":[}})
      (then (return (i32.const 0))))
    (i64.store $own (local.get $to) {{8:,"update}})
    (i32.store $own offset=8 (local.get $to) {{4:s":[}})
    (local.set $to (i32.add (local.get $to) (i32.const 12)))
    (local.set $p (i32.add (local.get $p) (i32.const 12)))
    (loop $update
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (if (i32.ne (local.get $c) (i32.const 123)) (then (return (i32.const 0))))
      ;; Whatever it claims to be its source is replaced by the plugin's id.
      (local.set $to (call $copied (local.get $to) (i32.const {{source}}) (i32.load $own (i32.const 76))))
      (if (i32.and
            (i64.eq (i64.load $own (local.get $p)) {{8:"$source}})
            (i32.eq (i32.and (i32.load $own offset=8 (local.get $p)) (i32.const 0xffffff)) {{4:":"}}))
        (then
          (local.set $p (call $ascii (i32.add (local.get $p) (i32.const 11))))
          (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
          (if (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 44)) (then (return (i32.const 0))))
          (local.set $p (i32.add (local.get $p) (i32.const 1)))))
      (local.set $moment (i32.const {{now}}))
      (if (i32.and
            (i64.eq (i64.load $own (local.get $p)) {{8:"timesta}})
            (i64.eq (i64.load $own offset=5 (local.get $p)) {{8:stamp":"}}))
        (then
          (local.set $moment (i32.add (local.get $p) (i32.const 13)))
          (if (i32.eqz (call $moment (local.get $moment))) (then (return (i32.const 0))))
          (if (i32.ne (i32.load16_u $own offset=37 (local.get $p)) {{2:",}}) (then (return (i32.const 0))))
          (local.set $p (i32.add (local.get $p) (i32.const 39)))))
      (v128.store $own (local.get $to) (v128.load $own (local.get $moment)))
      (i64.store $own offset=16 (local.get $to) (i64.load $own offset=16 (local.get $moment)))
      (i32.store16 $own offset=24 (local.get $to) {{2:",}})
      (local.set $to (i32.add (local.get $to) (i32.const 26)))
      (if (i64.ne (i64.load $own (local.get $p)) {{8:"values"}}) (then (return (i32.const 0))))
      (if (i32.ne (i32.load16_u $own offset=8 (local.get $p)) {{2::[}}) (then (return (i32.const 0))))
      (local.set $from (local.get $p))
      (local.set $p (call $entries (i32.add (local.get $p) (i32.const 10))))
      (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
      (local.set $to
        (call $copied (local.get $to) (local.get $from) (i32.sub (local.get $p) (local.get $from))))
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (i32.store8 $own (local.get $to) (local.get $c))
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (br_if $update (i32.eq (local.get $c) (i32.const 44))))
    (if (i32.ne (local.get $c) (i32.const 93)) (then (return (i32.const 0))))
    (i32.store8 $own (local.get $to) (i32.const 125))
    (i32.store $own (i32.const 88) (i32.add (local.get $to) (i32.const 1)))
    (select (i32.add (local.get $p) (i32.const 1)) (i32.const 0)
      (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 125))))

  ;; Whether what the plugin emits is let through; if not, it is for the host.
  (func (export "emitted") (param $at i32) (param $length i32) (result i32)
    (local $claim i32) (local $to i32) (local $let i32)
    (local.set $claim (i32.load $own (i32.const 64)))
    (local.set $to (i32.load $own (i32.const 32)))
    (local.set $let (i32.load $own (i32.const 60)))
    (if (i32.or (i32.or
            (i32.eqz (i32.load $own (i32.const 44)))
            (i32.or
              (i32.gt_u (local.get $length) (i32.load $own (i32.const 48)))
              (i32.gt_u (local.get $length) (i32.load $own (i32.const 68)))))
          (i32.or
            (i32.or
              (i32.gt_u (local.get $to) (i32.load $own (i32.const 84)))
              (i32.gt_u (local.get $claim) (i32.const {{last claim}})))
            (i32.or
              (i32.eq (local.get $let) (i32.const {{let end}}))
              (call $outside (local.get $at) (local.get $length)))))
      (then (return (i32.const 0))))
    (memory.copy $own $plugin (local.get $claim) (local.get $at) (local.get $length))
    ;; Nothing that is looked for has a line feed in it: so none of it is found behind the text.
    (i32.store8 $own (i32.add (local.get $claim) (local.get $length)) (i32.const 10))
    (i32.store8 $own (local.get $to) (i32.const 1))
    (if (i32.ne
          (call $carried (local.get $claim) (i32.add (local.get $to) (i32.const 1)))
          (i32.add (local.get $claim) (local.get $length)))
      (then (return (i32.const 0))))
    (local.set $to (i32.load $own (i32.const 88)))
    (i32.store8 $own (local.get $to) (i32.const 10))
    (local.set $to (i32.add (local.get $to) (i32.const 1)))
    (i32.store $own (local.get $let) (i32.load $own (i32.const 24)))
    (i32.store $own offset=4 (local.get $let) (local.get $to))
    (i32.store $own (i32.const 60) (i32.add (local.get $let) (i32.const 8)))
    (i32.store $own (i32.const 64) (i32.add (i32.add (local.get $claim) (local.get $length)) (i32.const 1)))
    (i32.store $own (i32.const 32) (local.get $to))
    (i32.store $own (i32.const 44) (i32.sub (i32.load $own (i32.const 44)) (i32.const 1)))
    (i32.store $own (i32.const 48) (i32.sub (i32.load $own (i32.const 48)) (local.get $length)))
    (i32.const 1))
