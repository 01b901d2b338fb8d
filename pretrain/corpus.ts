/**
 * Writes what the shipped base model is pre-trained on, as JSONL of `{segments: [context, target, context, …]}`: only
 * the targets (every second segment) are learnt. Usage: tsx pretrain/corpus.ts OUT
 *
 * Every history comes from a world of its own (seeds from FIRST_PRETRAINING_SEED up; runs use smaller ones), so its
 * user's tables are new each time: the model can learn to read, to look up and to write the format, and nothing about
 * any world's types. There is no tagged chain in it.
 */
import { mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Random, stream } from "../src/core/random.ts";
import { userExamples } from "../src/data/synthetic/examples.ts";
import { CONCEPTS, LABELS } from "../src/data/synthetic/lexicon.ts";
import { itemStatement, queryStatement, response } from "../src/data/synthetic/prose.ts";
import { queryText, readItem } from "../src/data/synthetic/read.ts";
import { entry, type Shape } from "../src/data/synthetic/shape.ts";
import { SHAPES } from "../src/data/synthetic/shapes.ts";
import { FIRST_PRETRAINING_SEED, makeWorld } from "../src/data/synthetic/world.ts";
import type { Example } from "../src/data/types.ts";
import { chatMessages, itemLine, type PromptStyle } from "../src/prompts/chat.ts";
import { guess } from "./guess.ts";
import { render, taskOf } from "./render.ts";
import { KNOWN_TAGS } from "./tags.ts";
import { vocabularyLines } from "./vocabulary.ts";

const SEED = 20261123;
const SIZES = { recall: 9_600, read: 8_000, chat: 28_800 } as const;
const END = "<|im_end|>";

/**
 * Pairs, then the same concepts asked again and again, bare or as the statements of prose: what teaches look-up. Only
 * labels are targets.
 */
function recall(_: number, random: Random): string[] {
  const keys = random.shuffle(CONCEPTS.map(([name]) => name)).slice(0, 4 + random.int(9));
  const pairs = keys.map((key) => [key, random.pick(LABELS)] as const);
  const prose = random.next() < 0.6;
  const told = pairs.map(([key, label], i) => (prose ? `${i + 1} ${key} ${label}\n` : ` ${key} ${label}`));
  const [first, ...rest] = asked(pairs, prose ? 24 : 40, prose ? "query" : "", prose ? "\n" : "", random);
  return [told.join("") + first, ...rest];
}

/** `times` questions for pairs, as alternating targets and contexts; belongs after a context. */
function asked(
  pairs: readonly (readonly [string, string])[],
  times: number,
  before: string,
  after: string,
  random: Random,
): string[] {
  const segments: string[] = [];
  for (let k = 0; k < times; k++) {
    const [key, label] = random.pick(pairs);
    segments.push(`${k > 0 ? after : ""}${before} ${key}`, ` ${label}`);
  }
  return segments;
}

interface Case {
  readonly shape: Shape;
  readonly example: Example;
}

/** One user of a world never seen again, with exactly `items` items. */
function freshCase(n: number, shape: Shape, items: number): Case {
  const size = Math.max(items, 1);
  const world = makeWorld(FIRST_PRETRAINING_SEED + n, { minItems: size, maxItems: size });
  const example = entry(userExamples(world, shape, { split: "pretrain", index: 0 }), 0);
  return { shape, example: { ...example, profile: example.profile.slice(0, items) } };
}

function thoughts({ shape, example }: Case, random: Random): { lines: string[]; answer: string } {
  const items = example.profile.map((item) =>
    readItem(shape, item.fields[shape.textField] ?? "", item.fields[shape.labelField] ?? ""),
  );
  const content = shape.read(queryText(shape, example.input)) ?? [];
  const outcome = guess(shape, items, content, random);
  const lines = items.map((item, i) => itemStatement(shape, i + 1, item.content ?? [], item.outcome ?? 0));
  return { lines: [...lines, queryStatement(shape, content, outcome)], answer: shape.answer(content, outcome, "") };
}

/** Histories without any of the prompt around them, read item by item, then asked about again and again. */
function read(n: number, random: Random): string[] {
  const one = freshCase(n, pickShape(random), 4 + random.int(6));
  const task = taskOf(one.shape);
  const lines = one.example.profile.map((item, i) => itemLine(task, item, i + 1));
  const statements = thoughts(one, random).lines.slice(0, -1);
  const segments = [`${lines.join("\n")}\n\n`, `${statements.join("\n")}\n`];
  // A concept met twice may have two labels; the later one counts, as in `guess`.
  const pairs = [...new Map(statements.map((line) => line.split(" ").slice(1)).map(([key, label]) => [key, label]))];
  const told = pairs.flatMap(([key, label]) => (key && label ? [[key, label] as const] : []));
  return told.length > 0 ? [...segments, ...asked(told, 8, "query", "\n", random)] : segments;
}

function pickShape(random: Random): Shape {
  return entry([SHAPES.tag, SHAPES.rating, SHAPES.title], random.weighted([0.7, 0.15, 0.15]));
}

function pickStyle(random: Random): PromptStyle {
  const kind = random.next();
  if (kind < 0.15) return { reasoning: false, tags: [] };
  if (kind < 0.45) return { reasoning: true, tags: [] };
  return { reasoning: true, tags: random.shuffle(KNOWN_TAGS).slice(0, 5 + random.int(6)) };
}

function pickCount(random: Random): number {
  const kind = random.next();
  if (kind < 0.1) return 0;
  if (kind < 0.5) return 8;
  return kind < 0.97 ? 1 + random.int(12) : 13 + random.int(20);
}

/** The prompts of a run, word for word, and the base's own way to answer them. */
function chat(n: number, random: Random): string[] {
  const one = freshCase(n, pickShape(random), pickCount(random));
  const style = pickStyle(random);
  const messages = chatMessages(taskOf(one.shape), one.example, one.example.profile, style);
  const prompt = render(messages, style);
  const { lines, answer } = thoughts(one, random);
  return [prompt, (style.reasoning ? response(lines, answer) : answer) + END];
}

function main(out: string): void {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "vocabulary.json"), JSON.stringify({ lines: vocabularyLines(), tags: KNOWN_TAGS }));
  let n = 0;
  const makers = { recall, read, chat };
  for (const [phase, make] of Object.entries(makers)) {
    const file = openSync(join(out, `${phase}.jsonl`), "w");
    for (let i = 0; i < SIZES[phase as keyof typeof SIZES]; i++, n++)
      writeSync(file, `${JSON.stringify({ segments: make(n, stream(SEED, phase, i)) })}\n`);
  }
}

main(process.argv[2] ?? ".cache/pretrain");
