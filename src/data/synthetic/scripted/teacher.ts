import type { Random } from "../../../core/random.ts";
import type { Almanac } from "../almanac.ts";
import type { ReadItem, ReadPrompt } from "../read.ts";
import { type Content, entry, openOutcomes, type Shape } from "../shape.ts";
import { commonOutcomes, isMatch, likeliestTypes, mostFrequent, typeOutcome } from "./facts.ts";
import { IDLE, say } from "./lines.ts";
import { CHECKED, FAULTS, type Fault, STRATEGIES, type Strategy } from "./shares.ts";

/** One roll-out of the scripted teacher. */
export interface Rollout {
  readonly strategy: Strategy;
  readonly faults: readonly Fault[];
  readonly thoughts: readonly string[];
  readonly answer: string;
}

/** An item whose content and outcome could be read, with its number in the prompt. */
interface Seen {
  readonly i: number;
  readonly content: Content;
  readonly outcome: number;
}

interface Reasoned {
  readonly outcome: number;
  readonly lines: readonly string[];
  /** Whether the items are read out before. */
  readonly reads: boolean;
}

/** One way to answer what a prompt shows, from its text and the population's public facts. Null: nothing to answer. */
export function rollOut(almanac: Almanac, prompt: ReadPrompt, random: Random): Rollout | null {
  const { shape, content: query } = prompt;
  if (query === null) return null;
  const strategy = pickStrategy(random, prompt.items.length > 0);
  const faults = (Object.keys(FAULTS) as Fault[]).filter((fault) => random.next() < FAULTS[fault]);
  const seen = view(shape, prompt.items, faults, random);
  const reasoned = REASON[strategy]({ almanac, shape, seen, query, random });
  const open = openOutcomes(shape, query);
  const outcome = faults.includes("slip") ? random.pick(open) : reasoned.outcome;
  const read = faults.includes("drop") ? random.shuffle(seen).slice(0, Math.floor(seen.length / 2)) : seen;
  const items = reasoned.reads
    ? read.toSorted((a, b) => a.i - b.i).map((s) => say.item(shape, s.i, s.content, s.outcome))
    : [];
  const thoughts = [say.asked(shape, query), ...items, ...reasoned.lines, say.decision(shape, query, outcome)];
  return {
    strategy,
    faults,
    thoughts: faults.includes("ramble") ? withTalk(thoughts, random) : thoughts,
    answer: shape.answer(query, outcome, ""),
  };
}

function pickStrategy(random: Random, history: boolean): Strategy {
  if (!history) return "generic";
  const names = Object.keys(STRATEGIES) as Strategy[];
  return entry(names, random.weighted(names.map((name) => STRATEGIES[name])));
}

function view(shape: Shape, items: readonly ReadItem[], faults: readonly Fault[], random: Random): Seen[] {
  const seen = items.flatMap(({ content, outcome }, k) =>
    content === null || outcome === null ? [] : [{ i: k + 1, content, outcome }],
  );
  if (seen.length > 0 && faults.includes("misread")) {
    const at = random.int(seen.length);
    seen[at] = { ...entry(seen, at), outcome: random.int(shape.outcomes) };
  }
  if (faults.includes("invent"))
    seen.push({ i: items.length + 1, content: shape.drawContent(random), outcome: random.int(shape.outcomes) });
  return seen;
}

interface Scene {
  readonly almanac: Almanac;
  readonly shape: Shape;
  readonly seen: readonly Seen[];
  readonly query: Content;
  readonly random: Random;
}

const REASON: Readonly<Record<Strategy, (scene: Scene) => Reasoned>> = {
  copy: (scene) => {
    const { shape, seen, query } = scene;
    const open = openOutcomes(shape, query);
    const match = seen.findLast((item) => open.includes(item.outcome) && isMatch(shape, asRead(item), query));
    if (!match) return { ...REASON.generic(scene), reads: true };
    return { outcome: match.outcome, lines: [say.match(shape, match.i, match.content, match.outcome)], reads: true };
  },
  infer: ({ almanac, shape, seen, query, random }) => {
    const t = random.pick(likeliestTypes(almanac, shape, seen.map(asRead)));
    const type = entry(almanac.types, t).name;
    const open = openOutcomes(shape, query);
    const usual = typeOutcome(almanac, shape, t, query) ?? 0;
    const outcome = open.includes(usual) ? usual : random.pick(open);
    const votes = fromAnywhere(seen, random).flatMap((item) => {
      const types = almanac.types.filter((_, k) => typeOutcome(almanac, shape, k, item.content) === item.outcome);
      const names = types.map(({ name }) => name);
      return names.length === 0 ? [] : [say.vote(shape, item.content, item.outcome, names)];
    });
    const agrees = seen.findLast((item) => typeOutcome(almanac, shape, t, item.content) === item.outcome);
    const checked = agrees && random.next() < CHECKED ? [agrees] : [];
    const checks = checked.map((item) => say.check(shape, item.content, item.outcome));
    const others = almanac.types.flatMap(({ name }, k) => {
      const theirs = k === t ? null : typeOutcome(almanac, shape, k, query);
      return theirs === null ? [] : [say.usual(shape, name, query, theirs)];
    });
    return {
      outcome,
      lines: [...votes, say.type(type), ...others, say.usual(shape, type, query, outcome), ...checks],
      reads: true,
    };
  },
  majority: (scene) => {
    const { shape, seen, random } = scene;
    const open = openOutcomes(shape, scene.query);
    const fits = seen.flatMap((item) => (open.includes(item.outcome) ? [item.outcome] : []));
    if (fits.length === 0) return REASON.generic(scene);
    const outcome = random.pick(mostFrequent(fits));
    return { outcome, lines: [say.most(shape, outcome)], reads: true };
  },
  generic: ({ almanac, shape, query, random }) => {
    const outcome = random.pick(commonOutcomes(almanac, shape, query));
    return { outcome, lines: [say.common(shape, query, outcome)], reads: false };
  },
};

/** The same round, begun at any element. */
function fromAnywhere<T>(items: readonly T[], random: Random): T[] {
  const at = items.length === 0 ? 0 : random.int(items.length);
  return [...items.slice(at), ...items.slice(0, at)];
}

const asRead = ({ content, outcome }: Seen): ReadItem => ({ text: "", answer: "", content, outcome });

function withTalk(thoughts: readonly string[], random: Random): string[] {
  const talk = random.shuffle(IDLE).slice(0, 3 + random.int(IDLE.length - 2));
  const at = 1 + random.int(thoughts.length - 1);
  return [...thoughts.slice(0, at), ...talk, ...thoughts.slice(at)];
}
