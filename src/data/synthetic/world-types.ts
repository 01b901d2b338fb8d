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
