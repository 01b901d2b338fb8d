import { TagprError } from "../core/errors.ts";
import { vectorsFault } from "../core/vectors.ts";
import type { Embed } from "../retrieval/retrieve.ts";
import { corpusText } from "../retrieval/text.ts";
import type { UserScope } from "../store/user.ts";
import { findVectors, keepVectors } from "../store/vectors.ts";
import type { Kept, StoredItems, Vectors } from "./stored-items.ts";

/** Items that are embedded at once; their vectors are in the store before the next ones are asked for. */
const CHUNK = 256;

/**
 * `scores[slot]`: the dot product of a query's vector with each item's. What the store has of this model is read once; what it
 * lacks is made and kept there, so that a request whose time ran out has not worked for nothing.
 */
export async function denseScores(
  scope: UserScope,
  items: StoredItems,
  query: string,
  embed: Embed,
  model: string,
): Promise<Float64Array> {
  const [asked] = await embed([query]);
  const width = asked?.length ?? 0;
  if (items.vectors?.model !== model || items.vectors.width !== width) {
    items.vectors = { model, width, numbers: new Float32Array(0), filled: new Set() };
    const found = await findVectors(scope, items.task.name, model);
    for (const kept of items.kept.values()) fill(items, items.vectors, kept, found.get(kept.item.id));
  }
  const { vectors } = items;
  const complete = vectors.filled.size === items.kept.size;
  const missing = complete ? [] : [...items.kept.values()].filter(({ slot }) => !vectors.filled.has(slot));
  for (let from = 0; from < missing.length; from += CHUNK)
    await make(scope, items, vectors, missing.slice(from, from + CHUNK), embed);
  return dots(vectors, Float64Array.from(asked ?? []), items.slots);
}

async function make(
  scope: UserScope,
  items: StoredItems,
  vectors: Vectors,
  missing: readonly Kept[],
  embed: Embed,
): Promise<void> {
  const { task, born, revision } = items;
  const fresh = await embed(missing.map(({ item }) => corpusText(task, item)));
  const fault = vectorsFault(fresh, missing.length);
  if (fault !== null)
    throw new TagprError("engine", `the embedding model gives ${fault}; none of them is kept`, {
      hint: "Look whether it is an embedding model, or take another.",
    });
  const made = new Map(missing.map(({ item }, i) => [item.id, Float32Array.from(fresh[i] ?? [])]));
  await keepVectors(scope, { born, revision }, task.name, vectors.model, made);
  for (const kept of missing) fill(items, vectors, kept, made.get(kept.item.id));
}

function fill({ slots }: StoredItems, vectors: Vectors, { slot }: Kept, vector: Float32Array | undefined): void {
  const { width, filled } = vectors;
  if (vector?.length !== width) return;
  if (vectors.numbers.length < slots * width) {
    const room = new Float32Array(Math.ceil(slots * 1.25) * width);
    room.set(vectors.numbers);
    vectors.numbers = room;
  }
  vectors.numbers.set(vector, slot * width);
  filled.add(slot);
}

/** Four sums a row, which the processor adds side by side. A slot of nothing has the score of what lies there, which nobody reads. */
function dots({ numbers, width }: Vectors, query: Float64Array, slots: number): Float64Array {
  const scores = new Float64Array(slots);
  const whole = width - (width % 4);
  for (let slot = 0, at = 0; slot < slots; slot++, at += width) {
    const row = numbers.subarray(at, at + width);
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < whole; i += 4) {
      a += (row[i] ?? 0) * (query[i] ?? 0);
      b += (row[i + 1] ?? 0) * (query[i + 1] ?? 0);
      c += (row[i + 2] ?? 0) * (query[i + 2] ?? 0);
      d += (row[i + 3] ?? 0) * (query[i + 3] ?? 0);
    }
    for (let i = whole; i < width; i++) a += (row[i] ?? 0) * (query[i] ?? 0);
    scores[slot] = a + b + (c + d);
  }
  return scores;
}
