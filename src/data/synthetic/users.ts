import { TagprError } from "../../core/errors.ts";
import { type Random, stream } from "../../core/random.ts";
import type { UserId } from "../types.ts";
import { FILLERS, MARKS, TYPES } from "./lexicon.ts";
import { ZH_FILLERS } from "./lexicon-more.ts";
import { type Content, entry, type Shape } from "./shape.ts";
import type { World } from "./world-types.ts";

/** A user's place in the population. Splits are separate counters, so no user can be in two of them. */
export interface UserKey {
  readonly split: string;
  readonly index: number;
}

/** What no prompt shows. For tests and ceilings only: nothing that a method sees may be made from it. */
export interface HiddenUser {
  readonly type: number;
  readonly mark: string;
  readonly items: number;
  /** `states[t][key]`: the private states when item t was written; the last row is "now", when queries are asked. */
  readonly states: readonly (readonly number[])[];
}

/** One thing a user wrote: content, the text that shows it, and the outcome as observed. */
export interface Observation {
  readonly content: Content;
  readonly text: string;
  readonly answer: string;
}

/** `train-000017` */
export function userId({ split, index }: UserKey): UserId {
  return `${split}-${String(index).padStart(6, "0")}` as UserId;
}

/** The inverse of {@link userId}. */
export function userKey(id: UserId): UserKey {
  const match = /^(.+)-(\d+)$/.exec(id);
  if (!match) throw new TagprError("data", `"${id}" is no user of the synthetic world`);
  return { split: entry(match, 1), index: Number(match[2]) };
}

/** Number of items of a user, without drawing the rest: cheap enough to skip users by the million. */
export function itemCount(world: World, key: UserKey): number {
  const random = stream(world.seed, "user", key.split, key.index, "items");
  const [low, high] = [Math.log(world.minItems), Math.log(world.maxItems + 1)];
  return Math.min(Math.floor(Math.exp(low + random.next() * (high - low))), world.maxItems);
}

function drawState(world: World, shape: Shape, type: number, key: number, random: Random): number {
  return random.next() < world.share ? shape.typeState(world, type, key) : random.int(shape.states);
}

/**
 * The hidden variables of a user in one shape. The type and the style mark are the same in every shape. `later`: some
 * items after the world's own last one; what was before stays what it is.
 */
export function hiddenUser(world: World, shape: Shape, key: UserKey, later = 0): HiddenUser {
  const about = stream(world.seed, "user", key.split, key.index, "person");
  const type = about.int(TYPES.length);
  const mark = about.pick(MARKS);
  const random = stream(world.seed, "user", key.split, key.index, shape.name, "states");
  const items = itemCount(world, key) + later;
  let now = Array.from({ length: shape.keys }, (_, k) => drawState(world, shape, type, k, random));
  const states = [now];
  for (let t = 0; t < items; t++) {
    now = now.map((state, k) => (random.next() < world.drift ? drawState(world, shape, type, k, random) : state));
    states.push(now);
  }
  return { type, mark, items, states };
}

/** The user's items, oldest first, `later` ones written after the world's own last one, and `queries` more asked now. */
export function observations(
  world: World,
  shape: Shape,
  key: UserKey,
  queries: number,
  later = 0,
): { readonly items: Observation[]; readonly queries: Observation[] } {
  const hidden = hiddenUser(world, shape, key, later);
  const texts = (...name: (string | number)[]) =>
    stream(world.seed, "user", key.split, key.index, shape.name, "texts", ...name);
  const before = texts();
  // The first stream goes on with the queries that are asked before.
  const after = later === 0 ? before : texts("later", later);
  const observe = (states: readonly number[], asked: boolean, random: Random): Observation => {
    const about = shape.drawContent(random);
    const own = shape.outcomeOf(entry(states, shape.keyOf(about)), about);
    const outcome = random.next() < world.noise ? random.int(shape.outcomes) : own;
    const content = asked && shape.offer ? shape.offer(about, outcome, random) : about;
    return { content, text: shape.write(content, random), answer: shape.answer(content, outcome, hidden.mark) };
  };
  const aside = distractors(world, shape, key);
  const items = hidden.states.slice(0, -1).map((states, t) => {
    const own = observe(states, false, t < hidden.items - later ? before : after);
    return aside() ?? own;
  });
  const now = entry(hidden.states, hidden.items);
  return { items, queries: Array.from({ length: queries }, () => observe(now, true, after)) };
}

/** For item after item: a distractor in its place, or null. Its own stream, so that the other items stay what they are. */
function distractors(world: World, shape: Shape, key: UserKey): () => Observation | null {
  if (world.distractors === 0) return () => null;
  const random = stream(world.seed, "user", key.split, key.index, shape.name, "distractors");
  return () => {
    if (random.next() >= world.distractors) return null;
    const content = shape.drawContent(random);
    const text = offTopic(shape, random);
    const shown = shape.textField === shape.labelField;
    return { content, text, answer: shown ? text : shape.answer(content, random.int(shape.outcomes), "") };
  };
}

/** A text that speaks of nothing the world asks about. */
function offTopic({ language }: Shape, random: Random): string {
  return language === "zh"
    ? `${random.pick(ZH_FILLERS.times)}${random.pick(ZH_FILLERS.asides)}`
    : `a ${random.pick(FILLERS.adjectives)} ${random.pick(FILLERS.nouns)} ${random.pick(FILLERS.places)}`;
}
