/**
 * Length of the longest common subsequence of two lists of small non-negative ids. Bit-parallel (Hyyrö, 2004): 32 rows
 * of the table at a time.
 */
export function lcsLength(a: Int32Array, b: Int32Array): number {
  if (a.length === 0 || b.length === 0) return 0;
  let kinds = 0;
  for (let i = 0; i < a.length; i++) kinds = Math.max(kinds, (a[i] ?? 0) + 1);
  return a.length <= 32 ? shortLcs(a, b, kinds) : longLcs(a, b, kinds);
}

/** Kept between calls, all zero: most texts are short, and making an array costs more than the work. */
let scratch = new Int32Array(64);

function shortLcs(a: Int32Array, b: Int32Array, kinds: number): number {
  if (scratch.length < kinds) scratch = new Int32Array(2 * kinds);
  const masks = scratch;
  for (let i = 0; i < a.length; i++) masks[a[i] ?? 0] = (masks[a[i] ?? 0] ?? 0) | (1 << i);
  let rows = -1;
  for (let j = 0; j < b.length; j++) {
    const mask = (b[j] ?? 0) < kinds ? (masks[b[j] ?? 0] ?? 0) : 0;
    rows = (rows + (rows & mask)) | (rows & ~mask);
  }
  for (let i = 0; i < a.length; i++) masks[a[i] ?? 0] = 0;
  let length = 0;
  for (let i = 0; i < a.length; i++) if (((rows >>> i) & 1) === 0) length++;
  return length;
}

function longLcs(a: Int32Array, b: Int32Array, kinds: number): number {
  const words = (a.length + 31) >> 5;
  /** Where each id stands in `a`, as bits. */
  const masks = new Int32Array(kinds * words);
  for (let i = 0; i < a.length; i++) {
    const at = (a[i] ?? 0) * words + (i >> 5);
    masks[at] = (masks[at] ?? 0) | (1 << (i & 31));
  }
  const rows = new Int32Array(words).fill(-1);
  for (let j = 0; j < b.length; j++) if ((b[j] ?? 0) < kinds) step(rows, masks, (b[j] ?? 0) * words);
  let length = 0;
  for (let i = 0; i < a.length; i++) if ((((rows[i >> 5] ?? 0) >>> (i & 31)) & 1) === 0) length++;
  return length;
}

/** One column: V ← (V + (V & M)) | (V & ~M), the sum with carries between words. */
function step(rows: Int32Array, masks: Int32Array, at: number): void {
  let carry = 0;
  for (let w = 0; w < rows.length; w++) {
    const v = rows[w] ?? 0;
    const u = v & (masks[at + w] ?? 0);
    const sum = (v >>> 0) + (u >>> 0) + carry;
    carry = sum > 0xffffffff ? 1 : 0;
    rows[w] = sum | 0 | (v & ~u);
  }
}

/** Whole table, `table[i * (|b|+1) + j]` for the first i and j tokens; for those who walk back through it. */
export function lcsTable(a: Int32Array, b: Int32Array): Int32Array {
  const width = b.length + 1;
  const table = new Int32Array((a.length + 1) * width);
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j < width; j++) {
      const above = table[(i - 1) * width + j] ?? 0;
      const left = table[i * width + j - 1] ?? 0;
      const diagonal = table[(i - 1) * width + j - 1] ?? 0;
      table[i * width + j] = a[i - 1] === b[j - 1] ? diagonal + 1 : Math.max(above, left);
    }
  return table;
}

/**
 * Positions in `a` of one longest common subsequence. Where two are equally long, `tie` says which way the walk back
 * goes: rouge_score steps over `a` ("a"), pltrdy's rouge over `b` ("b").
 */
export function lcsPositions(a: Int32Array, b: Int32Array, tie: "a" | "b"): number[] {
  const width = b.length + 1;
  const table = lcsTable(a, b);
  const found: number[] = [];
  let [i, j] = [a.length, b.length];
  while (i > 0 && j > 0) {
    const above = table[(i - 1) * width + j] ?? 0;
    const left = table[i * width + j - 1] ?? 0;
    if (a[i - 1] === b[j - 1]) {
      found.push(--i);
      j--;
    } else if (tie === "a" ? left > above : left >= above) j--;
    else i--;
  }
  return found.reverse();
}
