/** Length of the longest common subsequence. O(|a|·|b|) time, one row of memory. */
export function lcsLength(a: Int32Array, b: Int32Array): number {
  const row = new Int32Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    let diagonal = 0;
    let left = 0;
    for (let j = 1; j < row.length; j++) {
      const above = row[j] ?? 0;
      const best = x === b[j - 1] ? diagonal + 1 : Math.max(above, left);
      diagonal = above;
      row[j] = best;
      left = best;
    }
  }
  return row[b.length] ?? 0;
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
