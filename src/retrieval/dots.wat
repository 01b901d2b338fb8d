;; Dot products of 32-bit floats, eight pairs a step. All addresses are of bytes.
(module
  (memory (export "memory") 16)

  ;; For each of `count` rows (one or more), `width` numbers each (a multiple of 8, one behind the other): scores[r] = rows[r] . query
  (func (export "dots")
    (param $query i32) (param $rows i32) (param $scores i32) (param $width i32) (param $count i32)
    (local $end i32) (local $at i32) (local $even v128) (local $odd v128)
    (local.set $end (i32.add (local.get $query) (i32.shl (local.get $width) (i32.const 2))))
    (loop $row
      (local.set $even (v128.const f32x4 0 0 0 0))
      (local.set $odd (v128.const f32x4 0 0 0 0))
      (local.set $at (local.get $query))
      (loop $step
        (local.set $even (f32x4.add (local.get $even)
          (f32x4.mul (v128.load (local.get $rows)) (v128.load (local.get $at)))))
        (local.set $odd (f32x4.add (local.get $odd)
          (f32x4.mul (v128.load offset=16 (local.get $rows)) (v128.load offset=16 (local.get $at)))))
        (local.set $rows (i32.add (local.get $rows) (i32.const 32)))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br_if $step (i32.lt_u (local.get $at) (local.get $end))))
      (local.set $even (f32x4.add (local.get $even) (local.get $odd)))
      (f32.store (local.get $scores) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $even)) (f32x4.extract_lane 1 (local.get $even)))
        (f32.add (f32x4.extract_lane 2 (local.get $even)) (f32x4.extract_lane 3 (local.get $even)))))
      (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
      (br_if $row (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))))
