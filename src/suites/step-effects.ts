import { existsSync } from "node:fs";
import { streamJsonl } from "../core/jsonl.ts";
import type { CausalRow } from "../eval/causal.ts";
import { clusterKey } from "../eval/headline.ts";
import { UNTAGGED } from "./chains.ts";

/** What one kind of change did, one entry a step that was changed. */
export interface Effects {
  /** Users ({@link clusterKey}). */
  readonly clusters: string[];
  /** Log-prob of the given answer behind the changed chain minus that behind its own; nats. */
  readonly change: number[];
  /** 1 where the greedy answer is another than behind the chain as it stands, else 0. */
  readonly changed: number[];
}

/** Of all steps with one tag. */
export interface TagEffects {
  /** Sum of their places: the first step of n is at 1/n, the last at 1. */
  places: number;
  readonly out: Effects;
  readonly reversed: Effects;
}

/** Of one task. */
export interface TaskEffects {
  /** Answers that were looked at, and those of them that have a chain and an answer. */
  asked: number;
  read: number;
  /** Of these the answers that are given again behind the chain as it stands. */
  again: number;
  /** Behind no chain at all. */
  readonly none: Effects;
  readonly tags: Map<string, TagEffects>;
}

/** By task, from the file that `eval.causal` leaves; empty where there is none. */
export async function readStepEffects(file: string): Promise<ReadonlyMap<string, TaskEffects>> {
  const found = new Map<string, TaskEffects>();
  if (!existsSync(file)) return found;
  for await (const row of streamJsonl<CausalRow>(file)) {
    const own = found.get(row.task) ?? { asked: 0, read: 0, again: 0, none: nothing(), tags: new Map() };
    found.set(row.task, own);
    own.asked++;
    if (row.own !== null) addRow(own, row, row.own);
  }
  return found;
}

function addRow(effects: TaskEffects, row: CausalRow, own: NonNullable<CausalRow["own"]>): void {
  effects.read++;
  if (own.answer === row.answer) effects.again++;
  const add = (to: Effects, led: NonNullable<CausalRow["own"]>): void => {
    to.clusters.push(clusterKey(row));
    to.change.push(led.logprob - own.logprob);
    to.changed.push(led.answer === own.answer ? 0 : 1);
  };
  if (row.none !== null) add(effects.none, row.none);
  for (const { tag: own, at, out, reversed } of row.steps) {
    const tag = own ?? UNTAGGED;
    const of = effects.tags.get(tag) ?? { places: 0, out: nothing(), reversed: nothing() };
    effects.tags.set(tag, of);
    of.places += (at + 1) / row.steps.length;
    add(of.out, out);
    if (reversed !== undefined) add(of.reversed, reversed);
  }
}

const nothing = (): Effects => ({ clusters: [], change: [], changed: [] });

/** Of several tags together. */
export const together = (all: readonly Effects[]): Effects => ({
  clusters: all.flatMap(({ clusters }) => clusters),
  change: all.flatMap(({ change }) => change),
  changed: all.flatMap(({ changed }) => changed),
});

/** In the order in which chains have them: by their mean place. */
export const tagsInOrder = (tasks: readonly TaskEffects[]): string[] => {
  const places = new Map<string, [sum: number, n: number]>();
  for (const { tags } of tasks)
    for (const [tag, { places: sum, out }] of tags) {
      const [before, n] = places.get(tag) ?? [0, 0];
      places.set(tag, [before + sum, n + out.change.length]);
    }
  return [...places].toSorted(([a, [x, n]], [b, [y, m]]) => x / n - y / m || (a < b ? -1 : 1)).map(([tag]) => tag);
};
