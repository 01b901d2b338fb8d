import { groupBy } from "./group.ts";
import { stream } from "./random.ts";

/** How a training loop walks through its data: the whole walk is named by `seed` and `name`, so no cursor is saved but the batch number. */
export interface Walk {
  readonly seed: number;
  /** Name of the stage: `sft`, `guided`. */
  readonly name: string;
  /** One label an element; elements of every label are spread evenly over an epoch, so each batch mixes them. */
  readonly labels: readonly string[];
  /**
   * One name an element; elements of one name stand side by side among those of their label (a query's chains, so
   * that their prompt is computed once a batch). Without it each element is its own.
   */
  readonly units?: readonly string[];
  readonly batch: number;
  /** Passes over the data; fractions are allowed. */
  readonly epochs: number;
}

/** Passes over `n` elements: `epochs`, or as many more as `least_steps` batches take. */
export const passesOver = (
  n: number,
  { epochs, batch, least_steps }: { readonly epochs: number; readonly batch: number; readonly least_steps: number },
): number => (n === 0 ? epochs : Math.max(epochs, (least_steps * batch) / n));

/** Number of batches of a walk; the last one may be smaller. */
export function batchCount(walk: Walk): number {
  return Math.ceil(elementCount(walk) / walk.batch);
}

/**
 * Element indices of batch `b` (from 0). Within an epoch every element comes exactly once; a batch may reach over the
 * border of two epochs. A pure function of the walk, so a resumed run skips nothing and repeats nothing.
 */
export function batchAt(walk: Walk, b: number): number[] {
  const n = walk.labels.length;
  const end = Math.min((b + 1) * walk.batch, elementCount(walk));
  const out: number[] = [];
  let order: number[] = [];
  let epoch = -1;
  for (let at = b * walk.batch; at < end; at++) {
    if (Math.floor(at / n) !== epoch) {
      epoch = Math.floor(at / n);
      order = epochOrder(walk, epoch);
    }
    out.push(order[at % n] as number);
  }
  return out;
}

/** Passes over the data after so many batches. */
export const epochAfter = (walk: Walk, batches: number): number =>
  Math.min(batches * walk.batch, elementCount(walk)) / walk.labels.length;

const elementCount = (walk: Walk): number => Math.round(walk.epochs * walk.labels.length);

/** Each label's units are shuffled, and their elements laid at even distances from a random start; equal places are told apart by index. */
function epochOrder(walk: Walk, epoch: number): number[] {
  const random = stream(walk.seed, walk.name, "order", epoch);
  const groups = groupBy([...walk.labels.keys()], (i) => walk.labels[i]);
  const placed: { i: number; at: number }[] = [];
  for (const members of groups.values()) {
    const start = random.next();
    const units = [...groupBy(members, (i) => walk.units?.[i] ?? i).values()];
    for (const [k, i] of random.shuffle(units).flat().entries()) placed.push({ i, at: (k + start) / members.length });
  }
  return placed.sort((a, b) => a.at - b.at || a.i - b.i).map((p) => p.i);
}

/** Whether step `step` (from 1) of `total` is one of `looks` evenly spaced ones, the last of them the last step. */
export const isLookStep = (step: number, total: number, looks: number): boolean =>
  Math.floor((step * looks) / total) > Math.floor(((step - 1) * looks) / total);
