import { join } from "node:path";
import { InvalidArgumentError, Option } from "@commander-js/extra-typings";
import type { Held } from "../../../data/dianping/build.ts";
import { neutralize } from "../../../data/dianping/neutral.ts";
import { makeChatClient } from "../../../llm/client.ts";
import { makeFlights } from "../../../llm/flights.ts";
import { patientFetch } from "../../../llm/http.ts";
import type { Spent } from "../../../llm/types.ts";
import type { App } from "../../app.ts";
import { chooseProgress } from "../../progress/choose.ts";
import { untilStopped } from "../../stop.ts";
import { positiveNumber, wholeNumber } from "../options.ts";

/** The teacher's settings of a config, as flags: who rewrites the held-out posts neutrally, and how it is asked. */
export interface TeacherFlags {
  readonly url?: string | undefined;
  readonly model: string;
  readonly keyEnv: string;
  readonly concurrency: number;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly timeout: number;
  readonly maxWait: number;
  readonly priceIn: number;
  readonly priceOut: number;
}

/** What commander knows of each flag. */
export const TEACHER = {
  url: new Option("--url <base>", "Paraph: an OpenAI-compatible endpoint that rewrites the held-out posts neutrally"),
  model: new Option("--model <name>", "Paraph: its model (paper: gpt-4o)").default("gpt-4o"),
  keyEnv: new Option("--key-env <name>", "Paraph: environment variable with its key").default("OPENAI_API_KEY"),
  concurrency: new Option("--concurrency <n>", "Paraph: requests in flight").argParser(positiveNumber).default(8),
  temperature: new Option("--temperature <t>", "Paraph: of sampling").argParser(amount).default(0),
  maxTokens: new Option("--max-tokens <n>", "Paraph: tokens of a rewriting, thoughts included")
    .argParser(positiveNumber)
    .default(2048),
  timeout: new Option("--timeout <seconds>", "Paraph: that one answer may take").argParser(positiveNumber).default(600),
  maxWait: new Option("--max-wait <seconds>", "Paraph: that one request waits in all for a busy endpoint")
    .argParser(wholeNumber)
    .default(300),
  priceIn: new Option("--price-in <dollars>", "Paraph: a million prompt tokens, for the cost line")
    .argParser(amount)
    .default(0),
  priceOut: new Option("--price-out <dollars>", "Paraph: a million completion tokens").argParser(amount).default(0),
};

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("not a number from 0 on");
  return value;
}

/** The neutral text of each held-out post that has one, and the post's owner; null after a stop. */
export async function rewriteHeld(
  { io, outcome }: App,
  dir: string,
  held: readonly Held[],
  flags: TeacherFlags & { readonly url: string },
): Promise<[Held, string][] | null> {
  const progress = chooseProgress(io);
  const flights = makeFlights();
  const client = makeChatClient({
    ...{ role: "teacher", url: flags.url, key: io.env[flags.keyEnv] ?? "", keyName: flags.keyEnv, model: flags.model },
    ...{ concurrency: flags.concurrency, timeout: 1000 * flags.timeout, maxWait: 1000 * flags.maxWait },
    ...{ prices: { in: flags.priceIn, out: flags.priceOut }, cacheDir: join(dir, "cache") },
    ...{ fetch: patientFetch(), flights, say: progress.say, setting: (name) => `--${name.replaceAll("_", "-")}` },
  });
  progress.start("Paraph: rewriting", held.length);
  let texts: (string | null)[] = [];
  const sampling = { temperature: flags.temperature, maxTokens: flags.maxTokens };
  const work = neutralize(client, held, sampling, (done) => progress.update(done)).then((all) => {
    texts = all;
  });
  const stopped = await untilStopped(io, flights, work);
  if (stopped !== null) {
    progress.end("stopped", true);
    io.err("Stopped. What was answered is kept: the same command goes on from there.\n");
    outcome.code = stopped;
    return null;
  }
  progress.end();
  const told = held.flatMap((one, i): [Held, string][] => {
    const text = texts[i];
    return text === null || text === undefined ? [] : [[one, text]];
  });
  const without = held.length - told.length;
  if (without > 0)
    io.err(`Paraph: ${without === 1 ? "1 post" : `${without} posts`} without a neutral version left out\n`);
  io.err(`Paraph: rewritten by ${client.name}, ${costLine(client.spent())}\n`);
  return told;
}

function costLine({ requests, cached, unusable, promptTokens, completionTokens, dollars }: Spent): string {
  const parts = [
    requests === 1 ? "1 request" : `${requests} requests`,
    `${cached} from the cache`,
    `${promptTokens + completionTokens} tokens`,
  ];
  if (dollars > 0) parts.push(`${dollars.toFixed(2)} dollars`);
  if (unusable > 0) parts.push(`${unusable} broken or late answers that may have been billed besides`);
  return parts.join(", ");
}
