/**
 * `numbered(englishWords(a), englishWords(b))` without making the words: they are hashed and compared where they stand.
 * ROUGE of ten thousand pairs spends its time here, so buffers are kept between calls.
 */
export function englishWordIds(a: string, b: string): [Int32Array, Int32Array] {
  reserve(a.length + b.length);
  end = 0;
  count = 0;
  slots.fill(-1, 0, mask + 1);
  return [idsOf(lower(a)), idsOf(lower(b))];
}

let units = new Uint8Array(0);
let starts = new Int32Array(0);
let lengths = new Int32Array(0);
let hashes = new Int32Array(0);
let slots = new Int32Array(0);
let found = new Int32Array(0);
let mask = 0;
let end = 0;
let count = 0;

/** Room for two texts of so many characters together; the table is kept at most half full. */
function reserve(characters: number): void {
  const words = (characters >> 1) + 2;
  mask = 2 ** Math.ceil(Math.log2(2 * words)) - 1;
  if (units.length >= characters) return;
  units = new Uint8Array(2 * characters);
  const most = characters + 2;
  starts = new Int32Array(most);
  lengths = new Int32Array(most);
  hashes = new Int32Array(most);
  found = new Int32Array(most);
  slots = new Int32Array(4 * 2 ** Math.ceil(Math.log2(2 * words)));
}

/** ASCII is lowered byte by byte below; beyond it some letters become ASCII ones (the Kelvin sign a `k`). */
function lower(text: string): string {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return text.toLowerCase();
  return text;
}

function idsOf(text: string): Int32Array {
  let start = end;
  let hash = 0;
  let n = 0;
  for (let i = 0; i <= text.length; i++) {
    const unit = i < text.length ? letter(text.charCodeAt(i)) : 0;
    if (unit !== 0) {
      units[end++] = unit;
      hash = (Math.imul(hash, 31) + unit) | 0;
    } else if (end > start) {
      found[n++] = idOf(start, end - start, hash);
      start = end;
      hash = 0;
    }
  }
  return found.slice(0, n);
}

/** The lower-case letter or digit, 0 for anything else. */
function letter(code: number): number {
  if (code >= 97 && code <= 122) return code;
  if (code >= 65 && code <= 90) return code + 32;
  return code >= 48 && code <= 57 ? code : 0;
}

function idOf(start: number, length: number, hash: number): number {
  for (let slot = Math.imul(hash, 0x9e3779b1) & mask; ; slot = (slot + 1) & mask) {
    const id = slots[slot] ?? -1;
    if (id < 0) {
      slots[slot] = count;
      starts[count] = start;
      lengths[count] = length;
      hashes[count] = hash;
      return count++;
    }
    if (hashes[id] === hash && lengths[id] === length && same(starts[id] ?? 0, start, length)) {
      end = start; // the letters of a known word are not kept twice
      return id;
    }
  }
}

function same(a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (units[a + i] !== units[b + i]) return false;
  return true;
}
