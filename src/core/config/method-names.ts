/**
 * Methods that were called otherwise before `RUN_FORMAT` 3: they have the paper's names since. Hashes go on with the
 * names of then, so that nothing is made again for a name.
 */
const RENAMED: readonly (readonly [then: string, now: string])[] = [
  ["sft", "sft-r"],
  ["sft-gold", "sft"],
];

/** The first format whose files have the names of now. */
const NAMED_SINCE = 3;

/** What a method of a file of this format is called now. */
export const nameNow = (name: string, format: number): string =>
  format >= NAMED_SINCE ? name : (RENAMED.find(([then]) => then === name)?.[1] ?? name);

/** What hashes call a method. */
export const nameThen = (name: string): string => RENAMED.find(([, now]) => now === name)?.[0] ?? name;

/** The row that a name of `eval.methods` rests on: `rag-r` of `rag-r/majority@8`, else the name itself. */
export const rowNamed = (name: string): string => name.split("/")[0] ?? name;
