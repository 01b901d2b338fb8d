/** The synthetic world: users with hidden preferences, and what is possible on their queries. */

export { type Ceilings, ceilings, evidenceOf, queryContent } from "./ceilings.ts";
export { type ExampleOptions, examples, userExamples } from "./examples.ts";
export { LABELS } from "./lexicon.ts";
export type { Content, Shape } from "./shape.ts";
export { SHAPES, shapeOf } from "./shapes.ts";
export { TAG } from "./tag.ts";
export { type HiddenUser, hiddenUser, type Observation, observations, userId, userKey } from "./users.ts";
export { DEFAULT_WORLD, makeWorld } from "./world.ts";
export type { World, WorldOptions } from "./world-types.ts";
