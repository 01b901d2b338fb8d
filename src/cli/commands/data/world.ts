import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../../core/errors.ts";
import { writeJson } from "../../../core/jsonl.ts";
import { writeLamp } from "../../../data/lamp/write.ts";
import { refuseForeign, sealFolder } from "../../../data/owned.ts";
import { type Ceilings, ceilings } from "../../../data/synthetic/ceilings.ts";
import { type ExampleOptions, examples } from "../../../data/synthetic/examples.ts";
import type { Shape } from "../../../data/synthetic/shape.ts";
import { SHAPES, shapeOf } from "../../../data/synthetic/shapes.ts";
import { DEFAULT_WORLD, makeWorld } from "../../../data/synthetic/world.ts";
import type { World } from "../../../data/synthetic/world-types.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { Example } from "../../../data/types.ts";
import type { App } from "../../app.ts";
import type { Io } from "../../io.ts";
import { chooseProgress } from "../../progress/choose.ts";
import { align } from "../../table.ts";
import { at, positiveNumber, wholeNumber } from "../options.ts";

const rate = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) throw new InvalidArgumentError("not a share (0 to 1)");
  return value;
};

/** `tagpr data world`: the synthetic world as LaMP's files, a folder a shape, with what is possible on them. */
export function worldCommand({ io }: App): Command {
  const command = new Command("world")
    .description("write users of the synthetic world as LaMP's files, a folder a shape, and print the three ceilings")
    .option("--shape <names>", `shapes, comma-separated, or all: ${Object.keys(SHAPES).join(", ")}`, "all")
    .addOption(new Option("--users <n>", "users of train; 0 writes none").argParser(wholeNumber).default(400))
    .addOption(new Option("--dev <n>", "users of dev, who are other people").argParser(wholeNumber).default(100))
    .addOption(new Option("--queries <n>", "queries a user").argParser(positiveNumber).default(1))
    .addOption(new Option("--seed <n>", "seed of world and users").argParser(wholeNumber).default(0))
    .requiredOption("--out <folder>", "where the shapes' folders go")
    .addOption(share("--share <p>", "how often a user's choice is the type's usual one", "share"))
    .addOption(share("--noise <p>", "how often an observed outcome is a uniform draw", "noise"))
    .addOption(share("--drift <p>", "how often, item by item, a private choice is drawn anew", "drift"))
    .addOption(share("--distractors <p>", "share of items that are off topic", "distractors"))
    .addOption(
      new Option("--min-items <n>", "items of a user at least")
        .argParser(positiveNumber)
        .default(DEFAULT_WORLD.minItems),
    )
    .addOption(
      new Option("--max-items <n>", "items of a user at most")
        .argParser(positiveNumber)
        .default(DEFAULT_WORLD.maxItems),
    )
    .addOption(new Option("--k <n>", "ceilings: newest items shown").argParser(positiveNumber).default(8))
    .addOption(
      new Option("--ceilings <n>", "ceilings: users enumerated (of dev, else of train)")
        .argParser(positiveNumber)
        .default(1000),
    )
    .option("--json", "print the ceilings as JSON")
    .option("--force", "write over files in --out that were not written there by this command")
    .action(async ({ shape, users, dev, queries, seed, out, k, ceilings: enumerated, json, force, ...constants }) => {
      const shapes = shape === "all" ? Object.values(SHAPES) : shape.split(",").map((name) => shapeOf(name.trim()));
      const world = makeWorld(seed, constants);
      const sizes = { train: users, dev };
      if (users + dev === 0)
        throw new TagprError("usage", "--users 0 --dev 0: there is nobody to write", {
          hint: "Give one of them users.",
        });
      const splits = Object.entries(sizes).flatMap(([split, n]) => (n === 0 ? [] : [split]));
      const files = [
        ...splits.flatMap((split) => [`${split}_questions.json`, `${split}_outputs.json`]),
        "ceilings.json",
      ];
      for (const one of shapes) await refuseForeign(join(at(io, out), one.name), files, force === true);
      const found: Record<string, Ceilings> = {};
      for (const one of shapes) {
        const dir = join(at(io, out), one.name);
        await writeSplits(io, world, one, dir, sizes, queries);
        const of = { split: dev > 0 ? "dev" : "train", users: Math.min(enumerated, dev || users) };
        const bound = ceilingsOf(world, one, of, k);
        found[one.task] = bound;
        writeJson(join(dir, "ceilings.json"), { task: one.task, metric: one.metric, k, seed, ...constants, ...bound });
        await sealFolder(dir, files, { task: one.task, seed });
      }
      io.out(json === true ? `${JSON.stringify(found)}\n` : table(shapes, found, k));
    });
  return command as unknown as Command;
}

function share(flags: string, about: string, name: "share" | "noise" | "drift" | "distractors") {
  return new Option(flags, about).argParser(rate).default(DEFAULT_WORLD[name]);
}

async function writeSplits(
  io: Io,
  world: World,
  shape: Shape,
  dir: string,
  sizes: Readonly<Record<string, number>>,
  queriesPerUser: number,
): Promise<void> {
  const task = loadTask(shape.task);
  const progress = chooseProgress(io);
  for (const [split, users] of Object.entries(sizes)) {
    if (users === 0) continue;
    progress.start(`${shape.task}, ${split}`, users * queriesPerUser);
    const drawn = examples(world, shape, { split, users, queriesPerUser });
    const n = await writeLamp(dir, split, task, counted(drawn, progress.update));
    progress.end(`${n} queries`);
  }
}

async function* counted(drawn: Iterable<Example>, update: (done: number) => void): AsyncGenerator<Example> {
  let done = 0;
  for (const example of drawn) {
    yield example;
    if (++done % 100 !== 0) continue;
    update(done);
    // Nothing here waits for anything, so Ctrl-C would not be heard before the end.
    await setImmediate();
  }
}

/** On the first query of each user, with the k newest items shown. */
function ceilingsOf(world: World, shape: Shape, options: ExampleOptions, k: number): Ceilings {
  const shown = function* () {
    for (const example of examples(world, shape, options)) yield { example, shown: example.profile.slice(-k) };
  };
  return ceilings(world, shape, shown());
}

function table(shapes: readonly Shape[], found: Readonly<Record<string, Ceilings>>, k: number): string {
  const rows = shapes.flatMap(({ task, metric }) => {
    const own = found[task];
    if (own === undefined) return [];
    const numbers = [own.query_only, own.shown_items, own.oracle].map((value) => value.toFixed(3));
    return [[task, METRIC[metric], ...numbers, String(own.n)]];
  });
  const lines = align([["possible (synthetic)", "metric", "query", `${k} items`, "oracle", "users"], ...rows]);
  return `${lines.join("\n")}\n`;
}

const METRIC = { accuracy: "accuracy", mae: "MAE (lower is better)", rouge1: "ROUGE-1 F" } as const;
