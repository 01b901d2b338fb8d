import type { World } from "./world-types.ts";

/** The state that a world gives a type in one of the shapes beside tag, rating and title. */
export function stateOf(world: World, shape: string, type: number, key: number): number {
  const state = world.more[shape]?.[type]?.[key];
  if (state === undefined) throw new RangeError(`this world has no states of ${shape} (type ${type}, key ${key})`);
  return state;
}
