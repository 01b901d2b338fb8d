import { LRUCache } from "lru-cache";
import type { Task } from "../data/task.ts";
import { bestScored, bm25Text } from "../retrieval/retrieve.ts";
import { queryText } from "../retrieval/text.ts";
import { findUser, type UserScope } from "../store/user.ts";
import { givenHistory, type History } from "./history.ts";
import { bm25Of, bytesOf, type StoredItems, upToDate } from "./stored-items.ts";
import { nearestItems } from "./stored-vectors.ts";

/** Histories of a store's users, kept in memory with what it takes to search them. */
export interface Histories {
  /** A user's history of a task as it is now; empty where there is no such user. `model` names what embeds, for dense retrieval. */
  readonly of: (scope: UserScope, task: Task, model: string) => Promise<History>;
  /** Drops what is in memory of a user. */
  readonly forget: (scope: UserScope) => void;
  /** Drops users whom another instance erased. */
  readonly sweep: () => Promise<void>;
  /** How many are in memory. */
  readonly held: () => number;
}

interface Held {
  readonly scope: UserScope;
  readonly items: StoredItems;
}

/**
 * Those that were asked for last stay, up to so many bytes. With each question the store is asked for the user's revision: what changed is
 * read and nothing else, whichever instance changed it.
 */
export function storedHistories(bytes: number): Histories {
  const held = new LRUCache<string, Held>({ maxSize: bytes, sizeCalculation: ({ items }) => bytesOf(items) });
  /** What works on a user's items works alone; its end, by key. */
  const busy = new Map<string, Promise<unknown>>();
  const alone = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const result = (busy.get(key) ?? Promise.resolve()).then(work);
    const end = result
      .catch(() => {})
      .then(() => {
        if (busy.get(key) === end) busy.delete(key);
      });
    busy.set(key, end);
    return result;
  };
  /** How often a user was dropped: what was being read meanwhile may be theirs, and is not kept. */
  let drops = 0;
  const current = async (scope: UserScope, task: Task, key: string): Promise<StoredItems | null> => {
    const before = drops;
    const items = await upToDate(scope, task, held.get(key)?.items);
    if (items === null || drops !== before) held.delete(key);
    else held.set(key, { scope, items });
    return items;
  };
  const drop = (user: string): void => {
    drops++;
    for (const [key, one] of held.entries()) if (one.scope.user === user) held.delete(key);
  };
  return {
    of: (scope, task, model) => {
      const key = JSON.stringify([scope.user, task.name]);
      return alone(key, async () => {
        const items = await current(scope, task, key);
        return items === null
          ? givenHistory([])
          : searched(scope, items, model, (work) =>
              alone(key, async () => {
                const found = await work();
                // An index takes room: it is counted when it is there.
                if (held.peek(key)?.items === items) held.set(key, { scope, items });
                return found;
              }),
            );
      });
    },
    forget: ({ user }) => drop(user),
    held: () => held.size,
    sweep: async () => {
      for (const { scope, items } of [...held.values()])
        if ((await findUser(scope))?.born !== items.born) drop(scope.user);
    },
  };
}

function searched(
  scope: UserScope,
  items: StoredItems,
  model: string,
  alone: <T>(work: () => Promise<T>) => Promise<T>,
): History {
  const { task } = items;
  const given = givenHistory(items.profile);
  return {
    size: items.profile.length,
    find: async (_, question, options) => {
      const { method, embed } = options;
      const query = queryText(task, question);
      if (method === "bm25")
        return alone(async () => {
          const scores = bm25Of(items).scores(bm25Text(task, query), items.slots);
          return bestScored(task, items.profile, byPosition(items, scores), options);
        });
      if (method === "dense" && embed !== undefined)
        return alone(() => nearestItems({ scope, items, model }, query, embed, options));
      return given.find(task, question, options);
    },
  };
}

/** Scores by slot as scores by position in the profile. */
function byPosition({ slotAt }: StoredItems, scores: Float64Array): Float64Array {
  const positions = new Float64Array(slotAt.length);
  for (let i = 0; i < positions.length; i++) positions[i] = scores[slotAt[i] ?? 0] ?? 0;
  return positions;
}
