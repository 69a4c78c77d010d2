;; The delta pump: a batch of deltas through one plugin's delta_handler in one call from the host. refhost/dialects/pump.py
;; has what is said here with other words; in the text {{…}} stands for what is different in each dialect, for places that
;; pump.py names, and for characters as numbers.
;;
;; Memory of its own, in words of four bytes:
;;    0  a tick has gone by                      44, 48  how many deltas, of how many bytes, may be let through yet behind
;;    4  end after this delta                            the delta that is under way
;;    8  how many were delivered                 52, 56  the same behind each
;;   12  which function is running                   60  where the places of what is let through next are put
;;   16  where the plugin's allocator pointed        64  and what the plugin gave
;;   20  where the delta begins that is next         68  how long an emission may be
;;   24  where the one ends that is under way    72, 76  how long the context is, and the source
;;   28  where what came meanwhile goes on           80  how long a path may be, with its quote
;;   32  and ends                                    84  up to where there is room for one more at 32
;;   36  where the text is that is delivered         88  where the last one ends that was written
;;   40  and how long
;; From 128 on deltas, and in the next part what came meanwhile. One that begins with the byte 1 has been checked, and ends
;; with a line feed; any other is JSON as orjson writes it, of an array of deltas, up to a comma or the array's end: of
;; this the pump asks whether it is a delta that needs nothing done. What came meanwhile has been checked.
(module
  (import "plugin" "memory" (memory $plugin 0))
  (import "host" "tick" (func $tick))
  {{imports}}
  (memory $own (export "memory") {{pages}} {{pages}})

  ;; A tick has gone by: the next call has its whole time again.
  (func $breathe
    (if (i32.load $own (i32.const 0)) (then (call $tick))))

  ;; Where a string ends that begins at $p, behind its quote: behind the other one.
  (func $string (param $p i32) (result i32) (local $block v128) (local $found i32)
    (loop $on
      (local.set $block (v128.load $own (local.get $p)))
      (local.set $found (i8x16.bitmask (v128.or
        (i8x16.eq (local.get $block) (i8x16.splat (i32.const 34)))
        (i8x16.eq (local.get $block) (i8x16.splat (i32.const 92))))))
      (if (i32.eqz (local.get $found)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $on)))
      (local.set $p (i32.add (local.get $p) (i32.ctz (local.get $found))))
      (if (i32.eq (i32.load8_u $own (local.get $p)) (i32.const 92)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 2)))
        (br $on))))
    (i32.add (local.get $p) (i32.const 1)))

  ;; Where a number, true or false ends; 0 for null, which orjson also writes for what is no number.
  (func $scalar (param $p i32) (result i32) (local $c i32)
    (loop $on
      (local.set $c (i32.load8_u $own (local.get $p)))
      (if (i32.eq (local.get $c) (i32.const 110)) (then (return (i32.const 0))))
      (if (i32.or (i32.eq (local.get $c) (i32.const 44))
            (i32.eq (i32.or (local.get $c) (i32.const 32)) (i32.const 125))) (then (return (local.get $p))))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (br $on))
    (unreachable))

  ;; Where an object ends that begins at $p, behind its brace; 0 where there is a null in it.
  (func $object (param $p i32) (result i32) (local $c i32) (local $depth i32)
    (local.set $depth (i32.const 1))
    (loop $on
      (local.set $c (i32.load8_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 1)))
      (if (i32.eq (local.get $c) (i32.const 34)) (then
        (local.set $p (call $string (local.get $p)))
        (br $on)))
      (if (i32.lt_u (local.get $c) (i32.const 91)) (then (br $on)))
      (if (i32.eq (local.get $c) (i32.const 110)) (then (return (i32.const 0))))
      ;; Brackets and braces differ in one bit, and no letter of true and false is one of them.
      (local.set $c (i32.or (local.get $c) (i32.const 32)))
      (if (i32.eq (local.get $c) (i32.const 123)) (then (local.set $depth (i32.add (local.get $depth) (i32.const 1)))))
      (if (i32.eq (local.get $c) (i32.const 125)) (then (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))))
      (br_if $on (local.get $depth)))
    (local.get $p))

  ;; Whether the 24 characters at $p are a moment such as 2026-01-01T00:00:00.000Z. Others there are go the long way.
  (func $moment (param $p i32) (result i32) (local $date v128) (local $time v128) (local $n i32)
    (local.set $date (v128.load $own (local.get $p)))
    (local.set $time (v128.load $own offset=8 (local.get $p)))
    (if (i32.eqz (i8x16.all_true (v128.and
          (i8x16.ge_u (local.get $date) (v128.const i8x16 48 48 48 48 45 48 48 45 48 48 84 48 48 58 48 48))
          (i8x16.le_u (local.get $date) (v128.const i8x16 57 57 57 57 45 49 57 45 51 57 84 50 57 58 53 57)))))
      (then (return (i32.const 0))))
    (if (i32.eqz (i8x16.all_true (v128.and
          (i8x16.ge_u (local.get $time) (v128.const i8x16 48 48 84 48 48 58 48 48 58 48 48 46 48 48 48 90))
          (i8x16.le_u (local.get $time) (v128.const i8x16 57 57 84 50 57 58 53 57 58 53 57 46 57 57 57 90)))))
      (then (return (i32.const 0))))
    (local.set $n (call $two (i32.add (local.get $p) (i32.const 5))))
    (if (i32.gt_u (i32.sub (local.get $n) (i32.const 1)) (i32.const 11)) (then (return (i32.const 0))))
    (local.set $n (call $two (i32.add (local.get $p) (i32.const 8))))
    (if (i32.gt_u (i32.sub (local.get $n) (i32.const 1)) (i32.const 30)) (then (return (i32.const 0))))
    (i32.le_u (call $two (i32.add (local.get $p) (i32.const 11))) (i32.const 23)))

  ;; The number of two digits.
  (func $two (param $p i32) (result i32)
    (i32.sub
      (i32.add (i32.mul (i32.load8_u $own (local.get $p)) (i32.const 10)) (i32.load8_u $own offset=1 (local.get $p)))
      (i32.const 528)))

  ;; Where a text ends that is a delta as the bus carries it, {"context","updates":[{"$source","timestamp","values":[
  ;; {"path","value"}]}]} in this order and nothing else; 0 for any other.
  (func $plain (param $p i32) (result i32) (local $from i32) (local $c i32)
    (if (i64.ne (i64.load $own (local.get $p)) {{8:{"contex}}) (then (return (i32.const 0))))
    (if (i32.ne (i32.load $own offset=8 (local.get $p)) {{4:t":"}}) (then (return (i32.const 0))))
    (local.set $from (i32.add (local.get $p) (i32.const 12)))
    (local.set $p (call $string (local.get $from)))
    ;; No context, and vessels.self, stand for another.
    (if (i32.eq (local.get $p) (i32.add (local.get $from) (i32.const 1))) (then (return (i32.const 0))))
    (if (i32.and (i64.eq (i64.load $own (local.get $from)) {{8:vessels.}})
          (i64.eq (i64.load $own offset=5 (local.get $from)) {{8:ls.self"}})) (then (return (i32.const 0))))
    (if (i64.ne (i64.load $own (local.get $p)) {{8:,"update}}) (then (return (i32.const 0))))
    (if (i32.ne (i32.load $own offset=8 (local.get $p)) {{4:s":[}}) (then (return (i32.const 0))))
    (local.set $p (i32.add (local.get $p) (i32.const 12)))
    (loop $update
      (if (i64.ne (i64.load $own (local.get $p)) {{8:{"$sourc}}) (then (return (i32.const 0))))
      (if (i32.ne (i32.load $own offset=8 (local.get $p)) {{4:e":"}}) (then (return (i32.const 0))))
      (local.set $p (call $string (i32.add (local.get $p) (i32.const 12))))
      (if (i64.ne (i64.load $own (local.get $p)) {{8:,"timest}}) (then (return (i32.const 0))))
      (if (i64.ne (i64.load $own offset=6 (local.get $p)) {{8:stamp":"}}) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 14)))
      (if (i32.eqz (call $moment (local.get $p))) (then (return (i32.const 0))))
      (if (i64.ne (i64.load $own offset=24 (local.get $p)) {{8:","value}}) (then (return (i32.const 0))))
      (if (i32.ne (i32.load $own offset=32 (local.get $p)) {{4:s":[}}) (then (return (i32.const 0))))
      (local.set $p (i32.add (local.get $p) (i32.const 36)))
      (loop $entry
        (if (i64.ne (i64.load $own (local.get $p)) {{8:{"path":}}) (then (return (i32.const 0))))
        (if (i32.ne (i32.load8_u $own offset=8 (local.get $p)) (i32.const 34)) (then (return (i32.const 0))))
        (local.set $p (call $string (i32.add (local.get $p) (i32.const 9))))
        (if (i64.ne (i64.load $own (local.get $p)) {{8:,"value"}}) (then (return (i32.const 0))))
        (local.set $p (i32.add (local.get $p) (i32.const 9)))
        (local.set $c (i32.load8_u $own (local.get $p)))
        (if (i32.eq (local.get $c) (i32.const 34))
          (then (local.set $p (call $string (i32.add (local.get $p) (i32.const 1)))))
          (else (if (i32.eq (local.get $c) (i32.const 123))
            (then (local.set $p (call $object (i32.add (local.get $p) (i32.const 1)))))
            (else
              (if (i32.eq (local.get $c) (i32.const 91)) (then (return (i32.const 0))))
              (local.set $p (call $scalar (local.get $p)))))))
        (if (i32.eqz (local.get $p)) (then (return (i32.const 0))))
        (local.set $c (i32.load16_u $own (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 2)))
        (br_if $entry (i32.eq (local.get $c) {{2:},}})))
      (if (i32.ne (local.get $c) {{2:}]}}) (then (return (i32.const 0))))
      (local.set $c (i32.load16_u $own (local.get $p)))
      (local.set $p (i32.add (local.get $p) (i32.const 2)))
      (br_if $update (i32.eq (local.get $c) {{2:},}})))
    (if (i32.ne (local.get $c) {{2:}]}}) (then (return (i32.const 0))))
    (if (i32.ne (i32.load8_u $own (local.get $p)) (i32.const 125)) (then (return (i32.const 0))))
    (local.set $p (i32.add (local.get $p) (i32.const 1)))
    (local.set $c (i32.load8_u $own (local.get $p)))
    (select (local.get $p) (i32.const 0)
      (i32.or (i32.eq (local.get $c) (i32.const 44)) (i32.eq (local.get $c) (i32.const 93)))))

  ;; Where one ends that was checked.
  (func $checked (param $p i32) (result i32) (local $found i32)
    (loop $on
      (local.set $found (i8x16.bitmask (i8x16.eq (v128.load $own (local.get $p)) (i8x16.splat (i32.const 10)))))
      (if (i32.eqz (local.get $found)) (then
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $on))))
    (i32.add (local.get $p) (i32.ctz (local.get $found))))

  ;; Whether a place for what is delivered is none: 0, or not wholly within the plugin's memory.
  (func $outside (param $place i32) (param $size i32) (result i32)
    (i32.or (i32.eqz (local.get $place))
      (i64.gt_u
        (i64.add (i64.extend_i32_u (local.get $place)) (i64.extend_i32_u (local.get $size)))
        (i64.shl (i64.extend_i32_u (memory.size $plugin)) (i64.const 16)))))

{{pass}}

{{door}}

  ;; Deliver what is from one place to another: 1 where the allocator has answered with a place that is none.
  (func $hand (param $from i32) (param $stop i32) (result i32)
    (i32.store $own (i32.const 36) (local.get $from))
    (i32.store $own (i32.const 40) (i32.sub (local.get $stop) (local.get $from)))
    (call $pass (local.get $from) (i32.sub (local.get $stop) (local.get $from))))

  ;; Deliver the deltas from $next to $end, and behind each what has come meanwhile. 0: all of them, or all up to the one
  ;; after which the pump was to end; 1: the next one has to be checked; 2: the allocator has answered with a place that
  ;; is none.
  (func (export "pump") (param $next i32) (param $end i32) (result i32)
    (local $from i32) (local $stop i32)
    (i32.store $own (i32.const 8) (i32.const 0))
    (loop $on
      (i32.store $own (i32.const 20) (local.get $next))
      (if (i32.ge_u (local.get $next) (local.get $end)) (then (return (i32.const 0))))
      (local.set $from (local.get $next))
      (if (i32.eq (i32.load8_u $own (local.get $from)) (i32.const 1))
        (then
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $stop (call $checked (local.get $from))))
        (else
          (local.set $stop (call $plain (local.get $from)))
          (if (i32.eqz (local.get $stop)) (then (return (i32.const 1))))))
      (i32.store $own (i32.const 24) (local.get $stop))
      (i64.store $own (i32.const 44) (i64.load $own (i32.const 52)))
      (if (call $hand (local.get $from) (local.get $stop)) (then (return (i32.const 2))))
      (local.set $next (i32.add (local.get $stop) (i32.const 1)))
      (loop $meanwhile
        (if (i32.lt_u (i32.load $own (i32.const 28)) (i32.load $own (i32.const 32))) (then
          (local.set $from (i32.add (i32.load $own (i32.const 28)) (i32.const 1)))
          (local.set $stop (call $checked (local.get $from)))
          (i32.store $own (i32.const 28) (i32.add (local.get $stop) (i32.const 1)))
          (if (call $hand (local.get $from) (local.get $stop)) (then (return (i32.const 2))))
          (br $meanwhile))))
      (i32.store $own (i32.const 8) (i32.add (i32.load $own (i32.const 8)) (i32.const 1)))
      (br_if $on (i32.eqz (i32.load $own (i32.const 4)))))
    (i32.store $own (i32.const 20) (local.get $next))
    (i32.const 0)))
