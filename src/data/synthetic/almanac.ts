import { CONCEPTS, HABITS, LABELS, LEVELS, TITLES, TYPES } from "./lexicon.ts";
import { entry, type Shape } from "./shape.ts";
import type { World } from "./world-types.ts";

/**
 * The public facts of a population: what a large model that has read much of a culture knows of it. It names no user
 * and holds no seed; the scripted teacher gets it together with the text of a request and nothing else.
 */
export interface Almanac {
  readonly concepts: readonly { readonly name: string; readonly words: readonly string[] }[];
  readonly labels: readonly string[];
  readonly levels: readonly { readonly name: string; readonly words: readonly string[] }[];
  readonly titles: readonly { readonly name: string; readonly pattern: string }[];
  readonly types: readonly {
    readonly name: string;
    /** concept → label */
    readonly table: Readonly<Record<string, string>>;
    readonly habit: { readonly name: string; readonly offset: number; readonly cap: number };
    /** name of a title template */
    readonly title: string;
  }[];
  /** How often a person does as the type does, and how often an observed outcome is noise. */
  readonly share: number;
  readonly noise: number;
  /** Of the shapes asked for beside tag, rating and title: `more[shape][type][key]`, the type's usual state. */
  readonly more?: World["more"];
}

/** The public facts of a world, with those of the given shapes. */
export function almanac(world: World, shapes: readonly Shape[] = []): Almanac {
  const more = shapes.flatMap(({ name }) =>
    world.more[name] === undefined ? [] : [[name, world.more[name]] as const],
  );
  const named = (group: readonly [string, ...string[]]) => ({ name: group[0], words: group });
  return {
    concepts: CONCEPTS.map(named),
    labels: LABELS,
    levels: LEVELS.map(named),
    titles: TITLES,
    types: TYPES.map((name, type) => ({
      name,
      table: Object.fromEntries(CONCEPTS.map(([concept], c) => [concept, entry(LABELS, entry(world.tables, type)[c])])),
      habit: entry(HABITS, world.habits[type]),
      title: entry(TITLES, world.titles[type]).name,
    })),
    share: world.share,
    noise: world.noise,
    ...(more.length === 0 ? {} : { more: Object.fromEntries(more) }),
  };
}
