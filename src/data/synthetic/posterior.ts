import { TYPES } from "./lexicon.ts";
import type { Content, Shape } from "./shape.ts";
import { entry } from "./shape.ts";
import type { World } from "./world-types.ts";

/** Something seen of a user: `age` counts the items from it to now (1 = the newest). */
export interface Evidence {
  readonly content: Content;
  readonly outcome: number;
  readonly age: number;
}

/** P(outcome | state, content), noise included. */
function likelihood(world: World, shape: Shape, state: number, seen: { content: Content; outcome: number }): number {
  const own = shape.outcomeOf(state, seen.content) === seen.outcome ? 1 - world.noise : 0;
  return own + world.noise / shape.outcomes;
}

function prior(world: World, shape: Shape, type: number, key: number): number[] {
  const usual = shape.typeState(world, type, key);
  return Array.from(
    { length: shape.states },
    (_, s) => (1 - world.share) / shape.states + (s === usual ? world.share : 0),
  );
}

/**
 * Forward algorithm of one private state of a user of a known type: the evidence's probability and the state's
 * distribution now. Between two items g steps apart the state stays with (1 − drift)^g, else it is a fresh draw.
 */
function forward(
  world: World,
  shape: Shape,
  type: number,
  key: number,
  evidence: readonly Evidence[],
): { probability: number; now: number[] } {
  const fresh = prior(world, shape, type, key);
  let now = fresh;
  let probability = 1;
  let at = Number.POSITIVE_INFINITY;
  const move = (steps: number): void => {
    const stay = Number.isFinite(steps) ? (1 - world.drift) ** steps : 1;
    now = now.map((p, s) => stay * p + (1 - stay) * (fresh[s] ?? 0));
  };
  for (const seen of evidence.toSorted((x, y) => y.age - x.age)) {
    move(at - seen.age);
    at = seen.age;
    const joint = now.map((p, s) => p * likelihood(world, shape, s, seen));
    const total = joint.reduce((sum, p) => sum + p, 0);
    // In a world without noise a type can rule out what was seen.
    if (total === 0) return { probability: 0, now: fresh };
    probability *= total;
    now = joint.map((p) => p / total);
  }
  move(at);
  return { probability, now };
}

/** P(type | evidence), types equally common: private states are independent given the type. */
export function typePosterior(world: World, shape: Shape, evidence: readonly Evidence[]): number[] {
  const weights = TYPES.map((_, type) => {
    let weight = 1;
    for (let key = 0; key < shape.keys; key++) {
      const own = evidence.filter((seen) => shape.keyOf(seen.content) === key);
      if (own.length > 0) weight *= forward(world, shape, type, key, own).probability;
    }
    return weight;
  });
  const total = weights.reduce((sum, w) => sum + w, 0);
  return weights.map((w) => w / total);
}

/** P(observed outcome of the query | evidence), by exact enumeration over types and private states. */
export function outcomePosterior(world: World, shape: Shape, evidence: readonly Evidence[], query: Content): number[] {
  const key = shape.keyOf(query);
  const own = evidence.filter((seen) => shape.keyOf(seen.content) === key);
  const types = typePosterior(world, shape, evidence);
  const states = Array.from({ length: shape.states }, () => 0);
  types.forEach((weight, type) => {
    forward(world, shape, type, key, own).now.forEach((p, s) => {
      states[s] = entry(states, s) + weight * p;
    });
  });
  return outcomesOf(world, shape, states, query);
}

/** Distribution over observed outcomes from one over states. */
export function outcomesOf(world: World, shape: Shape, states: readonly number[], query: Content): number[] {
  const all = Array.from({ length: shape.outcomes }, (_, outcome) =>
    states.reduce((sum, p, s) => sum + p * likelihood(world, shape, s, { content: query, outcome }), 0),
  );
  const offered = shape.offered?.(query) ?? null;
  if (offered === null) return all;
  // The other candidate is any other outcome, in either place, so an offer weighs its two outcomes alike.
  const total = offered.reduce((sum, outcome) => sum + entry(all, outcome), 0);
  return all.map((p, outcome) => (offered.includes(outcome) ? p / total : 0));
}
