import { stream } from "../../core/random.ts";
import { CONCEPTS, HABITS, LABELS, TITLES, TYPES } from "./lexicon.ts";
import { entry, type Shape } from "./shape.ts";
import { NANO_SHAPES, SHAPES } from "./shapes.ts";

/** The constants of a world; settled on dev seeds 0–4 (docs/log.md). */
export interface WorldOptions {
  /** Probability that a user's private state (a concept's label, a habit, a template) is the type's own. */
  readonly share: number;
  /** Probability that an observed outcome, shown or asked, is a uniform draw instead of the user's own. */
  readonly noise: number;
  /** Probability, per item and per private state, that the state is drawn anew. */
  readonly drift: number;
  /** Items of a user: log-uniform between these, both included. */
  readonly minItems: number;
  readonly maxItems: number;
  /** Probability that an item is a distractor: off topic, its outcome (where it shows one) a uniform draw. */
  readonly distractors: number;
}

export const DEFAULT_WORLD: WorldOptions = {
  share: 0.8,
  noise: 0.1,
  drift: 0.005,
  minItems: 2,
  maxItems: 200,
  distractors: 0,
};

/** What a seed decides about a population. Nothing here is about any one user. */
export interface World extends WorldOptions {
  readonly seed: number;
  /** `tables[type][concept]`: index of the label that this type gives the concept. */
  readonly tables: readonly (readonly number[])[];
  /** `habits[type]`: index into HABITS, another for each type. */
  readonly habits: readonly number[];
  /** `titles[type]`: index into TITLES, another for each type. */
  readonly titles: readonly number[];
  /** `more[shape][type][key]`: the state that is usual for a type, of every other shape. */
  readonly more: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Seeds below this are runs'; the shipped base is pre-trained on seeds from here on, so the two never meet. */
export const FIRST_PRETRAINING_SEED = 1_000_000;

/** The world of a seed: equal seeds and options give equal worlds on every machine. */
export function makeWorld(seed: number, options: Partial<WorldOptions> = {}): World {
  const random = stream(seed, "world");
  return {
    ...DEFAULT_WORLD,
    ...options,
    seed,
    tables: TYPES.map(() => CONCEPTS.map(() => random.int(LABELS.length))),
    habits: random.shuffle(HABITS.map((_, i) => i)),
    titles: random.shuffle(TITLES.map((_, i) => i)),
    more: Object.fromEntries(
      Object.values(SHAPES)
        .filter((shape) => !NANO_SHAPES.includes(shape))
        .map((shape) => [shape.name, usualStates(seed, shape)]),
    ),
  };
}

/** Templates: another for each type, key by key. Other states: any. From a stream of the shape's own. */
function usualStates(seed: number, shape: Shape): number[][] {
  const random = stream(seed, "world", shape.name);
  const states = Array.from({ length: shape.states }, (_, state) => state);
  const byKey = Array.from({ length: shape.keys }, () =>
    shape.metric === "rouge1" ? random.shuffle(states) : TYPES.map(() => random.int(shape.states)),
  );
  return TYPES.map((_, type) => byKey.map((own) => entry(own, type)));
}
