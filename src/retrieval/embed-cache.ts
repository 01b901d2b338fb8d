import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { appendJsonl, lines } from "../core/jsonl.ts";
import { hashJson } from "../core/run-dir.ts";
import type { Embed } from "./retrieve.ts";

/**
 * Keeps embeddings on disk, keyed by the model's identity and the text: one line a text in a JSON Lines file, float32 in
 * base64. A text is embedded once, also within one call and over many runs. A line that a killed process left torn is
 * ignored, and so are vectors of another model: its name is no identity. `identityOf` is called once, when first needed.
 */
export function cachedEmbed(embed: Embed, path: string, identityOf: () => Promise<unknown>): Embed {
  let known: Map<string, Float32Array> | null = null;
  let model: string | null = null;
  return async (texts) => {
    model ??= hashJson(await identityOf());
    known ??= load(path);
    const keys = texts.map((text) => createHash("sha256").update(`${model}\n${text}`).digest("base64url").slice(0, 27));
    const missing = new Map<string, string>();
    for (const [i, key] of keys.entries()) if (!known.has(key)) missing.set(key, texts[i] ?? "");
    if (missing.size > 0) {
      const fresh = await embed([...missing.values()]);
      const rows = [...missing.keys()].map((key, i) => ({ key, vector: Float32Array.from(fresh[i] ?? []) }));
      appendJsonl(
        path,
        rows.map(({ key, vector }) => ({ k: key, v: Buffer.from(vector.buffer).toString("base64") })),
      );
      for (const { key, vector } of rows) known.set(key, vector);
    }
    return keys.map((key) => known?.get(key) ?? new Float32Array());
  };
}

function load(path: string): Map<string, Float32Array> {
  const known = new Map<string, Float32Array>();
  if (!existsSync(path)) return known;
  for (const line of lines(readFileSync(path))) {
    const match = /^\{"k":"([\w-]+)","v":"([A-Za-z0-9+/=]*)"\}$/.exec(line);
    const [, key, base64] = match ?? [];
    if (key === undefined || base64 === undefined) continue;
    const bytes = Buffer.from(base64, "base64");
    if (bytes.length % 4 === 0) known.set(key, new Float32Array(Uint8Array.from(bytes).buffer));
  }
  return known;
}
