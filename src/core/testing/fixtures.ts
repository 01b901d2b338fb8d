import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a file of `fixtures/` stands; its README says how each was made. */
export const fixture = (...path: string[]): string => join(import.meta.dirname, "../../../fixtures", ...path);

/** A golden JSON file made with the original libraries, e.g. `rouge.json`. */
export const vectors = <T>(name: string): T => JSON.parse(readFileSync(fixture("vectors", name), "utf8")) as T;

/** Folder of the tiny random model behind the recorded SkyRL server. */
export const TINY_QWEN3 = fixture("skyrl", "tiny-qwen3");
