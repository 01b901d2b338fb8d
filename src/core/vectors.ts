/** What is wrong with the vectors of `count` texts: too few, of several widths, not finite (as 32-bit floats); null where nothing is. */
export function vectorsFault(vectors: readonly ArrayLike<number>[], count: number): string | null {
  if (vectors.length !== count) return `${vectors.length} vectors for ${count} texts`;
  const width = vectors[0]?.length ?? 1;
  if (width === 0) return "a vector without numbers";
  for (const [i, vector] of vectors.entries()) {
    if (vector.length !== width)
      return `vectors of ${width} and of ${vector.length} numbers (the first and number ${i + 1})`;
    for (let d = 0; d < width; d++)
      if (!Number.isFinite(Math.fround(vector[d] ?? Number.NaN)))
        return `a number that is not finite (in vector ${i + 1})`;
  }
  return null;
}
