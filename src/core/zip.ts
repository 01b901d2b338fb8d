import { TagprError } from "./errors.ts";

/** Pairs of equal-length lists; throws where a silent cut would hide a bug. */
export function zipStrict<A, B>(a: readonly A[], b: readonly B[]): [A, B][] {
  if (a.length !== b.length) throw new TagprError("internal", `zipStrict: ${a.length} against ${b.length} elements`);
  return a.map((x, i) => [x, b[i] as B]);
}
