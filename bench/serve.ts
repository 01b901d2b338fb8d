/**
 * `npm run bench -- serve`: `tagpr serve` beside `transformers serve` and llama.cpp's server, on the same model in fp32 and the
 * same machine: 1, 8 and 32 askers at once, prompts of 600 tokens, 64 new ones, greedy. Then what the server costs by itself.
 *
 *   npm run bench -- serve [--model smollm2-135m] [--askers 1,8,32] [--requests 4,16,32] [--threads N]
 *     [--llama PATH] [--only tagpr,transformers,llama,routing] [--json]
 *
 * `--llama` is the path of a `llama-server`; docs/serving.md says how to build one. Without it that row is left out, and said so.
 */
import { mkdirSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packageRoot } from "../src/core/installation.ts";
import { resolveModelDir } from "../src/engine/model-dir.ts";
import { type Asked, endless, questions } from "./serve/asked.ts";
import { type Load, load } from "./serve/load.ts";
import { llama, ours, type Party, type PartyOptions, transformers } from "./serve/parties.ts";
import { overhead, type Rate } from "./serve/routing.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "smollm2-135m" },
    askers: { type: "string", default: "1,8,32" },
    requests: { type: "string", default: "4,16,32" },
    prompt: { type: "string", default: "600" },
    new: { type: "string", default: "64" },
    threads: { type: "string", default: String(availableParallelism()) },
    llama: { type: "string" },
    only: { type: "string", default: "tagpr,transformers,llama,routing" },
    python: { type: "string", default: join(packageRoot(), ".venv/bin/python") },
    json: { type: "boolean", default: false },
  },
});
const numbers = (text: string): number[] => text.split(",").map(Number);
const say = (text: string): void => {
  if (!values.json) console.log(text);
};
const cache = join(packageRoot(), ".cache/bench-serve");
mkdirSync(cache, { recursive: true });
const TASK = "LaMP_4";
const modelsDir = join(packageRoot(), ".cache/models");
const model = await resolveModelDir(values.model, { modelsDir, python: values.python, env: process.env });
const folder = endless(model, cache);
const options: PartyOptions = { folder, task: TASK, python: values.python, threads: Number(values.threads), cache };
const only = new Set(values.only.split(","));
const { llama: binary } = values;

/** cpu: processor seconds a request, of the server and what it started: what a busy machine disturbs least. */
type Row = Load & { readonly cpu: number };

async function measure(party: Party, asked: readonly Asked[]): Promise<Row[]> {
  const rows: Row[] = [];
  const counts = numbers(values.requests);
  const ask = (i: number) => party.ask(asked[i % asked.length] as Asked, Number(values.new));
  await ask(0); // what is loaded and laid out at the first request is not counted
  for (const [at, askers] of numbers(values.askers).entries()) {
    const before = party.cpu();
    const row = await load(ask, askers, Math.max(askers, counts[at] ?? askers));
    const cpu = (party.cpu() - before) / row.requests;
    rows.push({ ...row, cpu });
    const { perSecond, tokensPerSecond, first, whole, prompt } = row;
    const ms = (value: number): string => (value / 1000).toFixed(2);
    say(
      `| ${party.name} | ${askers} | ${perSecond.toFixed(2)} | ${cpu.toFixed(2)} | ${tokensPerSecond.toFixed(0)} | ${ms(first.p50)} | ${ms(whole.p50)} / ${ms(whole.p95)} / ${ms(whole.p99)} | ${prompt.toFixed(0)} |`,
    );
  }
  return rows;
}

const found: Record<string, Row[]> = {};
if (["tagpr", "transformers", "llama"].some((name) => only.has(name))) {
  const asked = await questions(folder, TASK, Number(values.prompt), Math.max(...numbers(values.requests)));
  say(
    "| server | askers | requests/s | processor s a request | tokens/s | first token, s (p50) | whole, s (p50 / p95 / p99) | prompt |",
  );
  say("|---|---|---|---|---|---|---|---|");
  const starts: [string, (() => Promise<Party>) | null][] = [
    ["tagpr", () => ours(options)],
    ["transformers", () => transformers(options)],
    ["llama", binary === undefined ? null : () => llama(binary, options)],
  ];
  for (const [name, start] of starts) {
    if (!only.has(name)) continue;
    if (start === null) {
      say("llama.cpp is left out: give the path of its server by --llama");
      continue;
    }
    const party = await start();
    try {
      found[name] = await measure(party, asked);
    } finally {
      await party.stop();
    }
  }
}
const own = only.has("routing") ? await overhead(8000) : null;
if (own !== null) {
  const told = ({ perSecond, cpu }: Rate): string =>
    `${perSecond.toFixed(0)} requests/s, ${cpu.toFixed(2)} ms of the server's processor each`;
  say(`\nrouting and the token alone: ${told(own.routed)}`);
  say(`whole chat completions of a stub: ${told(own.answered)}`);
  say(`beside it ran a load of ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} cores`);
  say(`a prompt of ${own.tokens} tokens: ${own.prepared.toFixed(2)} ms from question to ids`);
  say(`its text to ids alone: ${own.tokenized.toFixed(2)} ms`);
}
if (values.json) console.log(JSON.stringify({ ...found, own }));
