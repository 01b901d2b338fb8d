import { oldestFirst } from "../data/dates.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem } from "../data/types.ts";
import { type Bm25Index, bm25Index } from "../retrieval/bm25-index.ts";
import type { DenseIndex } from "../retrieval/dense-index.ts";
import { bm25Text } from "../retrieval/retrieve.ts";
import { corpusText } from "../retrieval/text.ts";
import { itemIds, itemsSince, type StoredItem } from "../store/items.ts";
import { findUser, type UserScope } from "../store/user.ts";

/** An item in memory; it keeps its slot as long as it is there. */
export interface Kept {
  readonly slot: number;
  /** In the store: who is deleted and put again has another. */
  readonly place: number;
  readonly item: ProfileItem;
  readonly date?: string;
}

/** One user's items of one task in memory, as they were at a revision. Slots are numbered in the order of places; some are of nothing any more. */
export interface StoredItems {
  readonly task: Task;
  readonly born: string;
  revision: number;
  /** By id. */
  readonly kept: Map<string, Kept>;
  slots: number;
  /** Oldest first. */
  profile: readonly ProfileItem[];
  /** `slotAt[i]`: the slot of `profile[i]`. */
  slotAt: Uint32Array;
  /** Made with the first question that asks for it. */
  bm25: Bm25Index | null;
  /** Vectors that a model made, of items as they are. */
  vectors: { readonly model: string; readonly index: DenseIndex } | null;
  characters: number;
}

/** Slots of deleted items that are borne with, beyond as many as there are items. */
const SPARE = 1000;

/** A user's items brought up to now: `before`, changed, where that is of the same user. Null: no such user. */
export async function upToDate(
  scope: UserScope,
  task: Task,
  before: StoredItems | undefined,
): Promise<StoredItems | null> {
  const user = await findUser(scope);
  if (user === null) return null;
  const { born, revision, removed } = user;
  const usable = before?.born === born && before.slots < 2 * before.kept.size + SPARE;
  const items = usable ? before : empty(task, born);
  if (items.revision === revision) return items;
  const there = removed > items.revision && items.kept.size > 0 ? await itemIds(scope, task.name) : null;
  const changed = await itemsSince(scope, task.name, items.revision);
  // From here on nothing is waited for: whoever holds these items sees them as they were, or as they are.
  if (there !== null) for (const [id, one] of items.kept) if (!there.has(id)) remove(items, one);
  for (const item of changed) put(items, item);
  items.revision = revision;
  const ordered = oldestFirst([...items.kept.values()].sort((a, b) => a.place - b.place));
  items.profile = ordered.map(({ item }) => item);
  items.slotAt = new Uint32Array(ordered.length);
  for (const [at, { slot }] of ordered.entries()) items.slotAt[at] = slot;
  return items;
}

const empty = (task: Task, born: string): StoredItems => ({
  ...{ task, born, revision: -1, kept: new Map(), slots: 0, profile: [], slotAt: new Uint32Array() },
  ...{ bm25: null, vectors: null, characters: 0 },
});

function put(items: StoredItems, { id, date, fields, place }: StoredItem): void {
  const { task, kept, bm25 } = items;
  const before = kept.get(id);
  if (before !== undefined) remove(items, before);
  const slot = before?.place === place ? before.slot : items.slots++;
  const item: ProfileItem = { id, fields, ...(date === undefined ? {} : { date }) };
  kept.set(id, { slot, place, item, ...(date === undefined ? {} : { date }) });
  bm25?.add(slot, bm25Text(task, corpusText(task, item)));
  items.characters += sizeOf(item);
}

function remove(items: StoredItems, { slot, item }: Kept): void {
  items.kept.delete(item.id);
  items.bm25?.remove(slot, bm25Text(items.task, corpusText(items.task, item)));
  items.vectors?.index.remove(slot);
  items.characters -= sizeOf(item);
}

const sizeOf = ({ id, fields }: ProfileItem): number =>
  Object.values(fields).reduce((sum, text) => sum + text.length, id.length);

/** The index of a user's items, made once and kept with them. */
export function bm25Of(items: StoredItems): Bm25Index {
  if (items.bm25 !== null) return items.bm25;
  const index = bm25Index();
  for (const { slot, item } of items.kept.values()) index.add(slot, bm25Text(items.task, corpusText(items.task, item)));
  items.bm25 = index;
  return index;
}

/** Bytes that they take in memory, roughly. */
export const bytesOf = ({ kept, characters, bm25, vectors }: StoredItems): number =>
  1000 + 2 * characters + 400 * kept.size + (bm25?.bytes() ?? 0) + (vectors?.index.bytes() ?? 0);
