import { join } from "node:path";
import { configSchema } from "../../core/config/schema.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { type Random, stream } from "../../core/random.ts";
import { DEFAULT_TAGS } from "../../core/tags.ts";
import type { Task } from "../../data/task.ts";
import type { ProfileItem, QueryId, ShownExample, UserId } from "../../data/types.ts";
import { buildResult } from "../../eval/result.ts";
import type { Prediction } from "../../eval/types.ts";
import { METHODS } from "../../methods/index.ts";
import { COMPARISONS } from "../../methods/tables.ts";
import { writeChains, writeTraining } from "./made-up-stages.ts";

/** Something that would run if a page did not escape what it shows. */
export const NASTY = "<script>alert('x')</script><img src=x onerror=alert(1)>";

const TASK: Task = {
  name: "synthetic_tag",
  title: "Synthetic tagging",
  kind: "classification",
  language: "en",
  labels: ["comedy", "action", "dystopia", "classic", "psychology", "fantasy"],
  itemFields: [
    { name: "description", aliases: [], label: false },
    { name: "tag", aliases: [], label: true },
  ],
  corpus: "{description}",
  query: { after: "description:" },
  item: "{description} | tag: {tag}",
  official: "LaMP_2",
  metric: "accuracy",
  answer: "one of the tags",
};

/** Chance that a method is right: a made-up world where every stage helps. */
const RIGHT: Readonly<Record<string, number>> = {
  "zero-shot": 0.3,
  "rag-r": 0.45,
  "sft-r": 0.53,
  guided: 0.66,
  tagpr: 0.69,
};

const PLOTS = [
  "The crew of a lost freighter barters with a machine that dreams of weather.",
  "Two rival bakers inherit one oven and a town that takes sides.",
  "A clerk finds that every form he files comes true by noon.",
];

/** Writes the files of a whole small run, made up by a seed: for tests of the report, and to look at its page. */
export function writeMadeUpRun(run: string, queries: number, seed = 0): void {
  const examples = Array.from({ length: queries }, (_, i) => example(stream(seed, "example", i), i));
  const predictions = Object.fromEntries(
    Object.entries(RIGHT).map(([name, right]) => [
      name,
      examples.map((e) => prediction(stream(seed, name, e.id), e, name, right)),
    ]),
  );
  const config = configSchema.parse({ name: "quickstart", data: { task: TASK.name }, guided: { epochs: 3 } });
  const [argv, platform] = [["tagpr", "run", "presets/quickstart.yaml", "--out", "RUN"], "linux x64"];
  writeJson(join(run, "run.json"), {
    tagpr: "0.1.0",
    node: "20.20.2",
    platform,
    revision: "0123abc",
    seed,
    argv,
    config,
  });
  writeJson(join(run, "data/tasks.json"), [TASK]);
  writeJson(join(run, "data/world.json"), { seed });
  writeJsonl(join(run, "data/test.jsonl"), examples);
  writeChains(run, seed);
  writeTraining(run, seed);
  for (const [name, rows] of Object.entries(predictions)) writeJsonl(join(run, `eval/${name}.jsonl`), rows);
  const ceilings = { synthetic_tag: { query_only: 0.31, shown_items: 0.79, oracle: 0.92 } };
  const result = buildResult({
    predictions,
    tasks: [TASK],
    comparisons: COMPARISONS,
    ceilings,
    reading: "lenient",
    bootstrap: 300,
    seed,
    seconds: 814,
    synthetic: [TASK.name],
  });
  writeJson(join(run, "result.json"), result);
  for (const stage of ["data", "chains", "sft", "prmu", "guided", "explore", "eval"])
    writeJson(join(run, stage, "stage.json"), { stage, key: "k", outputs: {}, seconds: 60 });
}

function example(random: Random, i: number): ShownExample {
  const item = (k: number): ProfileItem => ({
    id: `${i}-${k}`,
    fields: { description: random.pick(PLOTS), tag: k === 0 && i === 0 ? NASTY : random.pick(TASK.labels) },
  });
  const profile = Array.from({ length: 8 + random.int(20) }, (_, k) => item(k));
  return {
    task: TASK.name,
    id: `test-${i}` as QueryId,
    user: `u${Math.floor(i / 2)}` as UserId,
    input: `Which tag does this movie relate to among the following tags? [comedy, action, …] description: ${random.pick(PLOTS)}`,
    historyItems: profile.length,
    shown: [...(i === 0 ? [item(0)] : []), ...profile.slice(-7)],
    gold: random.pick(TASK.labels),
  };
}

function prediction(random: Random, e: ShownExample, name: string, right: number): Prediction {
  const gold = e.gold ?? "";
  const readable = random.next() < 0.97;
  const lenient = random.next() < right ? gold : (TASK.labels.find((label) => label !== gold) ?? "");
  const reasons = METHODS.find((method) => method.name === name)?.reasoning === true;
  const said = reasons ? `<think>\n${reasoning(random, name, lenient)}\n</think>\n` : "";
  const response = `${said}${readable ? lenient : `I think: ${lenient}`}${e.id === "test-0" ? NASTY : ""}`;
  const score = lenient === gold ? 1 : 0;
  const strict = readable && e.id !== "test-0" ? lenient : null;
  const tokens = Math.round((name === "rag-r" ? 150 : 80) * (0.7 + 0.6 * random.next()));
  const { task, id: query, user } = e;
  const strictScore = strict === null ? 0 : score;
  return {
    task,
    query,
    user,
    gold,
    response,
    tokens,
    truncated: false,
    strict,
    lenient,
    strictScore,
    lenientScore: score,
    ...(reasons ? { truth: { stated: 4, wrong: 1, deciding: random.next() < 0.5 } } : {}),
  };
}

function reasoning(random: Random, name: string, answer: string): string {
  const prose = `The user called ${random.int(4)} similar films ${answer} before, and the plot has the same turn.`;
  if (name === "rag-r") return `Let me look at the history. ${prose} Hmm, item 3 is different. ${prose} So ${answer}.`;
  const steps = DEFAULT_TAGS.filter((_, k) => random.next() < 1 - k / 10);
  return steps.map((tag) => `<${tag}>${prose}${random.next() < 0.01 ? NASTY : ""}</${tag}>`).join("\n");
}
