import { stream } from "../core/random.ts";
import type { ShownExample } from "../data/types.ts";

/**
 * Every example with the shown items of another user of the same task, drawn at random: what a method still scores
 * with them is not personalization. An example whose task has no other user keeps none.
 */
export function swapProfiles(examples: readonly ShownExample[], seed: number): ShownExample[] {
  const byTask = new Map<string, ShownExample[]>();
  for (const example of examples) {
    const peers = byTask.get(example.task) ?? [];
    peers.push(example);
    byTask.set(example.task, peers);
  }
  return examples.map((example) => {
    const peers = byTask.get(example.task) ?? [];
    const random = stream(seed, "swap", example.task, example.id);
    for (let tries = 0; tries < 100; tries++) {
      const other = random.pick(peers);
      if (differs(other, example)) return { ...example, shown: other.shown };
    }
    return { ...example, shown: [] };
  });
}

/** Without user ids (LaMP's user-based split) every query counts as a user of its own. */
const differs = (a: ShownExample, b: ShownExample): boolean =>
  a.user === null || b.user === null ? a.id !== b.id : a.user !== b.user;
