import { TagprError } from "../core/errors.ts";
import { vectorsFault } from "../core/vectors.ts";
import { type DenseIndex, denseIndex } from "../retrieval/dense-index.ts";
import { bestScored, type Embed, type RetrieveOptions, type Scored } from "../retrieval/retrieve.ts";
import { corpusText } from "../retrieval/text.ts";
import type { UserScope } from "../store/user.ts";
import { findVectors, keepVectors } from "../store/vectors.ts";
import type { Kept, StoredItems } from "./stored-items.ts";

/** Items that are embedded at once; their vectors are in the store before the next ones are asked for. */
const CHUNK = 256;

/**
 * The k items whose vectors have the highest dot product with a query's, oldest first. What the store has of this model is read once;
 * what it lacks is made and kept there, so that a request whose time ran out has not worked for nothing.
 */
export async function nearestItems(
  of: { readonly scope: UserScope; readonly items: StoredItems; readonly model: string },
  query: string,
  embed: Embed,
  options: Pick<RetrieveOptions, "k" | "characters">,
): Promise<Scored[]> {
  const { scope, items, model } = of;
  const [asked = []] = await embed([query]);
  const index = await indexOf(scope, items, model, asked.length);
  const complete = index.size() === items.kept.size;
  const missing = complete ? [] : [...items.kept.values()].filter(({ slot }) => !index.has(slot));
  for (let from = 0; from < missing.length; from += CHUNK)
    await make(scope, items, index, model, missing.slice(from, from + CHUNK), embed);
  const { task, profile, slotAt } = items;
  const { positions, scores } = index.nearest(Float32Array.from(asked), slotAt, options.k);
  const near = positions.flatMap((at) => profile[at] ?? []);
  return bestScored(task, near, scores, options);
}

async function indexOf(scope: UserScope, items: StoredItems, model: string, width: number): Promise<DenseIndex> {
  if (items.vectors?.model === model && items.vectors.index.width === width) return items.vectors.index;
  const index = denseIndex(width, items.slots);
  items.vectors = { model, index };
  const found = await findVectors(scope, items.task.name, model);
  for (const { slot, item } of items.kept.values()) {
    const vector = found.get(item.id);
    if (vector !== undefined) index.set(slot, vector);
  }
  return index;
}

async function make(
  scope: UserScope,
  { task, born, revision }: StoredItems,
  index: DenseIndex,
  model: string,
  missing: readonly Kept[],
  embed: Embed,
): Promise<void> {
  const fresh = await embed(missing.map(({ item }) => corpusText(task, item)));
  const fault = vectorsFault(fresh, missing.length);
  if (fault !== null)
    throw new TagprError("engine", `the embedding model gives ${fault}; none of them is kept`, {
      hint: "Look whether it is an embedding model, or take another.",
    });
  const made = new Map(missing.map(({ item }, i) => [item.id, Float32Array.from(fresh[i] ?? [])]));
  await keepVectors(scope, { born, revision }, task.name, model, made);
  for (const [i, { slot }] of missing.entries()) index.set(slot, fresh[i] ?? []);
}
