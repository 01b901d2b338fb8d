import { groupBy } from "../core/group.ts";
import { stream } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";

export type PairSplit = "train" | "held_out";

/**
 * Which of these queries are held out: `share` of the users whole (unseen users), and of the others half that share of
 * queries (seen users). Users with so many queries that over twice the share of a task's would be held out stay to train
 * on, and so does one user of a task at least.
 */
export function splitter(
  examples: readonly ShownExample[],
  share: number,
  seed: number,
): (example: ShownExample) => PairSplit {
  const draw = (...name: string[]): number => stream(seed, "prmu", "held-out", ...name).next();
  const owned = groupBy(
    examples.filter(({ user }) => user !== null),
    ({ task }) => task,
  );
  const heldUsers = new Set(
    [...owned].flatMap(([task, own]) => {
      const users = [...groupBy(own, ({ user }) => user ?? "")].map(([user, { length }]) => {
        return { user, length, at: draw("user", task, user) };
      });
      let left = Math.max(2 * share * own.length, 1);
      const held = users
        .toSorted((a, b) => a.at - b.at)
        .slice(0, -1)
        .filter(({ at, length }) => {
          if (at >= share || length > left) return false;
          left -= length;
          return true;
        });
      return held.map(({ user }) => `${task}/${user}`);
    }),
  );
  return ({ task, id, user }) => {
    if (user !== null && heldUsers.has(`${task}/${user}`)) return "held_out";
    return draw("query", task, id) < (user === null ? share : share / 2) ? "held_out" : "train";
  };
}

/**
 * Two halves of queries, for cross-fitting: a user's queries are shared out in turn, so that both halves know whom they can;
 * a user's first one, and each query without a user, falls where a draw says. `task/query` → 0 or 1.
 */
export function halves(examples: readonly ShownExample[], seed: number): Readonly<Record<string, 0 | 1>> {
  const owned = groupBy(examples, ({ task, id, user }) => `${task}/${user ?? `query ${id}`}`);
  const shared = [...owned].flatMap(([owner, own]) => {
    const random = stream(seed, "prmu", "halves", owner);
    const first = random.int(2);
    return random.shuffle(own).map(({ task, id }, i) => [`${task}/${id}`, ((first + i) % 2) as 0 | 1] as const);
  });
  return Object.fromEntries(shared);
}
