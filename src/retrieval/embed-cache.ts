import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { readFault } from "../core/disk.ts";
import { TagprError } from "../core/errors.ts";
import { CACHE_HEAD, checkCacheLine } from "../core/format.ts";
import { appendJsonl, guardDisk, lines } from "../core/jsonl.ts";
import { hashJson } from "../core/run-dir.ts";
import { vectorsFault } from "../core/vectors.ts";
import type { Embed } from "./retrieve.ts";

/** Texts that are asked for at once; what came is on disk before the next ones are. */
const CHUNK = 256;

/**
 * Keeps embeddings on disk, keyed by the model's identity and the text: one line a text in a JSON Lines file, float32 in
 * base64. A text is embedded once, also within one call and over many runs. A line that a killed process left torn is
 * ignored, and so are vectors of another model: its name is no identity. `identityOf` is called once, when first needed.
 * @throws TagprError `data` on a file that holds vectors which no model gives; `run` on one of a later TagPR; `engine`
 * where the embedder gives such vectors
 */
export function cachedEmbed(embed: Embed, path: string, identityOf: () => Promise<unknown>): Embed {
  let cache: Cache | null = null;
  let model: string | null = null;
  return async (texts) => {
    model ??= hashJson(await identityOf());
    cache ??= load(path);
    const { known } = cache;
    const keys = texts.map((text) => createHash("sha256").update(`${model}\n${text}`).digest("base64url").slice(0, 27));
    const found = keys.flatMap((key) => known.get(key) ?? []);
    const fault = vectorsFault(found, found.length);
    if (fault !== null) throw poisoned(path, fault);
    const missing = new Map<string, string>();
    for (const [i, key] of keys.entries()) if (!known.has(key)) missing.set(key, texts[i] ?? "");
    const waiting = [...missing];
    let width = found[0]?.length;
    for (let from = 0; from < waiting.length; from += CHUNK)
      width = await embedChunk(embed, path, cache, waiting.slice(from, from + CHUNK), width);
    return keys.map((key) => known.get(key) ?? new Float32Array());
  };
}

interface Cache {
  readonly known: Map<string, Float32Array>;
  /** The file ends within a line. */
  torn: boolean;
  /** Nothing is in the file yet, not even its format. */
  empty: boolean;
}

/** Answers the width of the vectors, which is `before`'s where that is known. */
async function embedChunk(
  embed: Embed,
  path: string,
  cache: Cache,
  chunk: readonly (readonly [key: string, text: string])[],
  before: number | undefined,
): Promise<number | undefined> {
  const fresh = await embed(chunk.map(([, text]) => text));
  const fault = vectorsFault(fresh, chunk.length);
  if (fault !== null)
    throw new TagprError("engine", `the embedding model gives ${fault}; none of them is kept`, {
      hint: "Look whether it is an embedding model, or take another.",
    });
  const width = fresh[0]?.length;
  if (before !== undefined && before !== width)
    throw poisoned(path, `vectors of ${before} numbers, and the same model now gives ${width}`);
  const rows = chunk.map(([key], i) => ({ key, vector: Float32Array.from(fresh[i] ?? []) }));
  const line = rows.map(({ key, vector }) => ({ k: key, v: Buffer.from(vector.buffer).toString("base64") }));
  if (cache.torn) guardDisk(path, () => appendFileSync(path, "\n"));
  cache.torn = false;
  appendJsonl(path, cache.empty ? [CACHE_HEAD, ...line] : line);
  cache.empty = false;
  for (const { key, vector } of rows) cache.known.set(key, vector);
  return width;
}

function poisoned(path: string, what: string): TagprError {
  return new TagprError("data", `${path}: the kept embeddings are damaged: ${what}`, {
    hint: "Move that file away, or delete it: its vectors are made anew (an endpoint is paid for them again).",
  });
}

function load(path: string): Cache {
  const known = new Map<string, Float32Array>();
  if (!existsSync(path)) return { known, torn: false, empty: true };
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new TagprError("data", readFault(path, error), { hint: "It keeps embeddings.", cause: error });
  }
  let number = 0;
  for (const line of lines(bytes)) {
    number++;
    checkCacheLine(`${path}:${number}`, line);
    const match = /^\{"k":"([\w-]+)","v":"([A-Za-z0-9+/=]*)"\}$/.exec(line);
    const [, key, base64] = match ?? [];
    if (key === undefined || base64 === undefined) continue;
    const raw = Buffer.from(base64, "base64");
    if (raw.length % 4 !== 0) throw poisoned(`${path}:${number}`, "a vector that ends within a number");
    const vector = new Float32Array(Uint8Array.from(raw).buffer);
    const fault = vectorsFault([vector], 1);
    if (fault !== null) throw poisoned(`${path}:${number}`, fault);
    known.set(key, vector);
  }
  return { known, torn: bytes.length > 0 && bytes.at(-1) !== 10, empty: bytes.length === 0 };
}
