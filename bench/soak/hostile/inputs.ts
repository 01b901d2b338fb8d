import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exitCodeOf } from "../../../src/cli/failure.ts";
import { messageOf } from "../../../src/core/errors.ts";
import type { Random } from "../../../src/core/random.ts";
import { loadTask } from "../../../src/data/task-file.ts";
import { connectEngine } from "../../../src/engine/client.ts";
import { readResponse } from "../../../src/prompts/response.ts";
import { cachedEmbed } from "../../../src/retrieval/embed-cache.ts";
import { lockRun } from "../../../src/run/lock.ts";
import { CONFIG, type Said, tagpr } from "./command.ts";
import { blamesItself, commandsTerminal, hold, type Setting, type Trial } from "./trial.ts";

const preset = readFileSync(fileURLToPath(new URL("../../../presets/smollm2.yaml", import.meta.url)), "utf8");

function clean(said: Said, what: string): void {
  hold(!blamesItself(said), `${what} is called a fault in TagPR: ${said.err.slice(0, 300)}`);
  hold(!commandsTerminal(said.out + said.err), `${what} sent control characters to the terminal`);
}

/** Bytes flipped, lines doubled or dropped, hostile pieces put in. */
function mutated(random: Random, text: string, pieces: readonly string[]): string {
  let out = text;
  for (let i = random.int(6) + 1; i > 0; i--) {
    const at = random.int(out.length + 1);
    const length = random.int(12);
    const piece = random.next() < 0.5 ? random.pick(pieces) : String.fromCodePoint(random.int(0x2fff));
    out = out.slice(0, at) + piece + out.slice(at + length);
  }
  return out;
}

const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
  .concat(Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(", ")}]`))
  .join("\n");
const YAML_PIECES = ["*nobody", "&a [*a]", "__proto__: 1\n", "\u0000", "\u001b]0;x\u0007", "[".repeat(5000)].concat([
  "- ".repeat(3000),
  "!!js/function 'x'",
  "<<: *x\n",
  "\n? ",
  "constructor: {}\n",
  "1e999",
  "\ud800",
  `${bomb}\n`,
]);

async function configs({ random, dir }: Setting): Promise<void> {
  const hostile = random.next() < 0.3 ? random.pick(YAML_PIECES) : mutated(random, preset, YAML_PIECES);
  writeFileSync(join(dir, "hostile.yaml"), hostile);
  clean(await tagpr(dir, "config", random.pick(["check", "show"]), "hostile.yaml"), "a hostile config");
}

async function foreignRecords({ random, dir }: Setting): Promise<void> {
  const text = random.pick([
    "[]",
    "{}",
    "null",
    '{"config": []}',
    '{"config": {"port": 1}}',
    "\u0000",
    "x",
    '"\u001b[2J"',
  ]);
  writeFileSync(join(dir, "run.json"), text);
  for (const argv of [
    ["run", "."],
    ["sft", "."],
    ["report", "."],
    ["data", "show", "."],
  ])
    clean(await tagpr(dir, ...argv), `run.json of another program (${text}), ${argv[0]}`);
  hold(readFileSync(join(dir, "run.json"), "utf8") === text, "run.json of another program was written over");
}

/** In places where nothing can be made: Node's own mkdir never comes back from some of them. */
async function unwritable({ random }: Setting): Promise<void> {
  const place = random.pick(["/proc/no-such/run", "/proc/self/none/run", "/dev/null/run"]);
  try {
    lockRun(place);
  } catch (error) {
    hold(exitCodeOf(error) !== 70, `${place} is called a fault in TagPR: ${String(error)}`);
    return;
  }
  hold(false, `${place} was locked`);
}

async function emptyAnswers({ random }: Setting): Promise<void> {
  const body = random.pick(["null", "[]", "0", '"x"', "true", "[null]"]);
  const answer = () => Promise.resolve(new Response(body, { headers: { "content-type": "application/json" } }));
  try {
    await (await connectEngine({ url: "http://engine.test", key: "k", fetch: answer })).sampler("m");
  } catch (error) {
    hold(exitCodeOf(error) !== 70, `an engine that answers ${body} is called a fault in TagPR: ${String(error)}`);
    return;
  }
  hold(false, `an engine that answers ${body} was taken for one`);
}

const rows = ["a", "b", "c"].map((id) => ({ id, output: id === "a" ? "comedy" : "action" }));
const TABLES = {
  "preds.json": JSON.stringify({ task: "LaMP_2", golds: rows }),
  "preds.jsonl": rows.map((row) => `${JSON.stringify(row)}\n`).join(""),
  "preds.csv": "id,output\na,comedy\nb,action\nc,action\n",
};
const DATA_PIECES = [
  "\u0000",
  "\u001b[31m",
  "\u009b2J",
  '"',
  "\r",
  "\u2028",
  "\ufeff",
  "[[[[",
  "{}",
  "null",
  "1e999",
  "__proto__",
];

async function readers({ random, dir }: Setting): Promise<void> {
  writeFileSync(join(dir, "golds.json"), TABLES["preds.json"]);
  const name = random.pick(["preds.json", "preds.jsonl", "preds.csv"] as const);
  writeFileSync(join(dir, name), mutated(random, TABLES[name], DATA_PIECES));
  clean(await tagpr(dir, "score", "--golds", "golds.json", "--preds", name), `a hostile ${name}`);
}

/** Invalid UTF-8 is refused, or read in another encoding, never replaced: two different ids would become one. */
async function encodings({ random, dir }: Setting): Promise<void> {
  const name = random.pick(["preds.json", "preds.jsonl"] as const);
  const [gold, pred] = random.pick([
    [0xff, 0xfe],
    [0xfe, 0xff],
    [0xc0, 0xc1],
  ] as const);
  const withByte = (byte: number): Buffer => {
    const bytes = Buffer.from(TABLES[name].replace('"a"', '"a?"'));
    bytes[bytes.indexOf("?")] = byte;
    return bytes;
  };
  writeFileSync(join(dir, name.replace("preds", "golds")), withByte(gold));
  writeFileSync(join(dir, name), withByte(pred));
  const golds = name.replace("preds", "golds");
  const said = await tagpr(dir, "score", "--golds", golds, "--preds", name, "--task", "LaMP_2");
  hold(said.code !== 0, "two ids that differ in bytes that are no UTF-8 were taken for one");
  clean(said, `${name} that is no UTF-8`);
}

/** No reading of an answer takes more than a moment, whatever is in it. */
async function longAnswers({ random }: Setting): Promise<void> {
  const unit = random.pick([".", " .", "。", "\n", "<", "<a>", "</a>", "\u00a0", "!,", "#", "*", "`"]);
  const text = `${random.next() < 0.5 ? "<think>x</think>" : ""}${unit.repeat(random.pick([4000, 16_000]))}x`;
  const task = loadTask(random.pick(["LaMP_2", "LaMP_3", "LaMP_5"]));
  const started = performance.now();
  readResponse(text, { task, tags: ["analyze_input"], truncated: false });
  const took = performance.now() - started;
  hold(took < 1500, `${text.length} characters of ${JSON.stringify(unit)} took ${Math.round(took)} ms to read`);
}

async function resamples({ dir }: Setting): Promise<void> {
  writeFileSync(join(dir, "own.yaml"), CONFIG);
  const asked = await tagpr(dir, "config", "show", "own.yaml", "--set", "eval.bootstrap=100000000000");
  hold(asked.code === 2, "a bootstrap of 10^11 resamples is taken");
}

/** Vectors that no model gives are not kept, and a kept file that holds such is named. */
async function sickVectors({ random, dir }: Setting): Promise<void> {
  const path = join(dir, "embeddings.jsonl");
  const texts = Array.from({ length: 2 + random.int(6) }, (_, i) => `text ${i}`);
  const good = texts.map(() => [random.next(), 1, 2]);
  const at = random.int(texts.length);
  const sick = random.pick<readonly (readonly number[])[]>([
    good.slice(1),
    [...good, [1, 2, 3]],
    good.map((vector, i) => (i === at ? [1, Number.NaN, 2] : vector)),
    good.map((vector, i) => (i === at ? [1, 1e300, 2] : vector)),
    good.map((vector, i) => (i === at ? [1, 2] : vector)),
    good.map(() => []),
  ]);
  const said = await cachedEmbed(
    async () => sick,
    path,
    async () => "m",
  )(texts).then(() => "taken", messageOf);
  hold(said !== "taken", `vectors ${JSON.stringify(sick).slice(0, 120)} were taken`);
  hold(!existsSync(path), `of vectors ${JSON.stringify(sick).slice(0, 120)} some were kept`);
  await cachedEmbed(
    async () => good,
    path,
    async () => "m",
  )(texts);
  const poison = random.pick(["", "AAAA", "AADAfw==", "AACAfw=="]); // no number, three bytes, NaN, infinite
  appendFileSync(path, `{"k":"x","v":"${poison}"}\n`);
  const named = await cachedEmbed(
    async () => good,
    path,
    async () => "m",
  )(texts).then(() => "taken", messageOf);
  hold(named.includes(`${path}:`), `a poisoned cache says: ${named}`);
}

export const INPUTS: readonly Trial[] = [
  { point: 8, name: "vectors that no model gives", run: sickVectors },
  { point: 10, name: "answers that take time to read", run: longAnswers },
  { point: 13, name: "files that are no UTF-8", run: encodings },
  { point: 13, name: "hostile data files", run: readers },
  { point: 14, name: "hostile configs", run: configs },
  { point: 14, name: "run.json of another program", run: foreignRecords },
  { point: 14, name: "places where nothing can be made", run: unwritable },
  { point: 14, name: "an engine that answers null", run: emptyAnswers },
  { point: 14, name: "resamples without end", run: resamples },
];
