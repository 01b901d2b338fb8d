/**
 * What the scripted teacher, judge and tagger do how often. These shares are all that is "designed" about them; they
 * were settled on dev seeds (docs/log.md) and stand in the report's appendix.
 */

/** How a roll-out comes to its answer. */
export type Strategy = "copy" | "infer" | "majority" | "generic";

/**
 * `copy`: the latest shown item that speaks of the same thing; without one, what is commonest in the population.
 * `infer`: the type whose habits explain the shown items best, then that type's own habit among all types'. The best
 * one, and the rarest of the roll-outs; more of its chains are kept, since they are right more often and seldom alike.
 * `majority`: the commonest outcome among the shown items, whatever is asked.
 * `generic`: what is commonest in the population, the history unread, as the paper says of general reasoners: they put
 * their own logic before the user's.
 */
export const STRATEGIES: Readonly<Record<Strategy, number>> = { copy: 0.3, infer: 0.15, majority: 0.3, generic: 0.25 };

/** Share of roll-outs with each fault; they fall independently. */
export const FAULTS = {
  /** One item is read with another outcome. */
  misread: 0.06,
  /** One item is made up. */
  invent: 0.04,
  /** Some lines of idle talk. */
  ramble: 0.06,
  /** Half of the items are not read out. */
  drop: 0.06,
  /** The answer is another than the one reasoned for. */
  slip: 0.03,
} as const;
export type Fault = keyof typeof FAULTS;

/** Share of inferences that are checked against an item that agrees. */
export const CHECKED = 0.3;

/** The judge: each grade is off by one with this share. */
export const JUDGE_NOISE = 0.1;

/** The tagger: share of segments that get a tag of another meaning; the second phase is the more careful one. */
export const MISTAGGED = { free: 0.05, restricted: 0.02 } as const;

/** Share of the judge's and the tagger's answers that are no JSON. */
export const GARBLED = 0.01;
