/**
 * `numbered(englishWords(a), englishWords(b))` without making the words: they are hashed and compared where they stand.
 * ROUGE of ten thousand pairs spends its time here, so buffers are kept between calls: the lists returned are views that
 * the next call overwrites.
 */
export function englishWordIds(a: string, b: string): [Int32Array, Int32Array] {
  reserve(a.length + b.length);
  count = 0;
  total = 0;
  slots.fill(-1, 0, slotCount);
  return [idsOf(lower(a)), idsOf(lower(b))];
}

let units = new Uint8Array(0);
/** A word's letters stand in `units[starts[id], starts[id + 1])`. */
let starts = new Int32Array(1);
let hashes = new Int32Array(0);
let slots = new Int32Array(0);
let found = new Int32Array(0);
let slotCount = 0;
let shift = 0;
/** Distinct words, and words found, so far. */
let count = 0;
let total = 0;

/** Room for two texts of so many characters together (lowering may add some); the table is at most half full. */
function reserve(characters: number): void {
  const most = 2 * characters + 4;
  const bits = 32 - Math.clz32(characters + 4);
  slotCount = 2 ** bits;
  shift = 32 - bits;
  if (units.length >= most) return;
  units = new Uint8Array(2 * most);
  starts = new Int32Array(2 * most);
  hashes = new Int32Array(2 * most);
  found = new Int32Array(2 * most);
  slots = new Int32Array(8 * slotCount);
}

/** ASCII is lowered byte by byte below; beyond it some letters become ASCII ones (the Kelvin sign a `k`). */
function lower(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return text.toLowerCase();
  return text;
}

/** Ids of the words, appended to those found before. */
function idsOf(text: string): Int32Array {
  const first = total;
  let start = 0;
  let hash = 0;
  const end = text.length;
  for (let i = 0; i < end; i++) {
    const unit = LETTERS[text.charCodeAt(i)] ?? 0;
    if (unit !== 0) hash = (Math.imul(hash, 31) + unit) | 0;
    else {
      if (i > start) found[total++] = idOf(text, start, i, hash);
      start = i + 1;
      hash = 0;
    }
  }
  if (end > start) found[total++] = idOf(text, start, end, hash);
  return found.subarray(first, total);
}

/** The lower-case letter or digit of each ASCII code, 0 for anything else. */
const LETTERS = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code).toLowerCase();
  return /[a-z0-9]/.test(letter) ? letter.charCodeAt(0) : 0;
});

function idOf(text: string, from: number, to: number, hash: number): number {
  const length = to - from;
  let slot = Math.imul(hash, 0x9e3779b1) >>> shift;
  for (let id = slots[slot] ?? -1; id >= 0; id = slots[slot] ?? -1) {
    const at = starts[id] ?? 0;
    if (hashes[id] === hash && (starts[id + 1] ?? 0) - at === length) {
      let i = 0;
      while (i < length && units[at + i] === LETTERS[text.charCodeAt(from + i)]) i++;
      if (i === length) return id;
    }
    slot = (slot + 1) & (slotCount - 1);
  }
  const id = count++;
  const at = starts[id] ?? 0;
  for (let i = 0; i < length; i++) units[at + i] = LETTERS[text.charCodeAt(from + i)] ?? 0;
  starts[id + 1] = at + length;
  hashes[id] = hash;
  slots[slot] = id;
  return id;
}
