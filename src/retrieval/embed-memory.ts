import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { TagprError } from "../core/errors.ts";
import { vectorsFault } from "../core/vectors.ts";
import type { Embed } from "./retrieve.ts";

/** Numbers that are held, as 32-bit floats: 64 MiB, some 43,000 texts of MiniLM. */
const NUMBERS = 16 * 2 ** 20;

/**
 * Keeps the vectors of texts in memory, those that were asked for last: a history is embedded once, and of its user's next
 * question the question alone. By the text's hash; no text is kept. Of one model. `forget` drops all of them.
 * @throws TagprError `engine` where the embedder gives vectors that no model gives; none of them is kept
 */
export function rememberedEmbed(
  embed: Embed,
  numbers = NUMBERS,
): { readonly embed: Embed; readonly forget: () => void } {
  const known = new LRUCache<string, Float32Array>({
    maxSize: numbers,
    sizeCalculation: ({ length }) => Math.max(1, length),
  });
  let forgettings = 0;
  const remembered: Embed = async (texts) => {
    const before = forgettings;
    const keys = texts.map((text) => createHash("sha256").update(text).digest("base64url"));
    // What is held is taken at once: it may be pushed out while the others are made.
    const vectors = new Map(keys.flatMap((key) => pair(key, known.get(key))));
    const missing = new Map(keys.flatMap((key, i) => (vectors.has(key) ? [] : pair(key, texts[i]))));
    if (missing.size > 0) {
      const fresh = await embed([...missing.values()]);
      const fault = vectorsFault(fresh, missing.size);
      if (fault !== null)
        throw new TagprError("engine", `the embedding model gives ${fault}`, {
          hint: "Look whether it is an embedding model, or take another.",
        });
      for (const [i, key] of [...missing.keys()].entries()) {
        const vector = Float32Array.from(fresh[i] ?? []);
        vectors.set(key, vector);
        // What was asked for before a forgetting may be what it was for.
        if (forgettings === before) known.set(key, vector);
      }
    }
    return keys.map((key) => vectors.get(key) ?? new Float32Array());
  };
  const forget = (): void => {
    forgettings++;
    known.clear();
  };
  return { embed: remembered, forget };
}

const pair = <T>(key: string, value: T | undefined): [string, T][] => (value === undefined ? [] : [[key, value]]);
