import { join } from "node:path";
import { writeJson } from "../../core/jsonl.ts";
import { seedOf, stream } from "../../core/random.ts";
import { openLoop } from "../../core/run-dir.ts";
import { zipStrict } from "../../core/zip.ts";
import type { ShownExample } from "../../data/types.ts";
import { answerIn, scoredText } from "../../encoders/scored-text.ts";
import { preferred, type Scored, scoreTexts, trainScorer } from "../../encoders/train-scorer.ts";
import { keptSampler } from "../../eval/kept.ts";
import type { Drawn } from "../../eval/types.ts";
import { fileStore } from "../../llm/store.ts";
import { type Asking, openAsking } from "../../model/asking.ts";
import { loadTextTokens } from "../../prompts/text-tokens.ts";
import { identity } from "../key.ts";
import { trainsFor } from "../needed.ts";
import { encoderOf } from "../scorers.ts";
import { taskBy } from "../soft-asks.ts";
import type { Stage, StageContext } from "../stage.ts";
import { baseIdentity, readSplit, writeModel } from "./common.ts";

/**
 * PrLM's contrastive reward model: a text encoder that tells an answer of the base model to a prompt with the user's items from one to
 * the same query without any. It needs no gold. One model for all tasks (source: one each), on queries that RL doesn't have.
 */
export const prlmRewardStage: Stage = {
  name: "prlm-reward",
  wanted: (config) => trainsFor(config, "prlm") || trainsFor(config, "prlm-sft"),
  config: ({ prlm, prompt, engines }) => ({
    ...{ prlm, prompt: { max_tokens: prompt.max_tokens }, dtype: engines.policy.dtype },
    encoder: engines.embeddings_model,
  }),
  reads: () => ["data/tasks.json", "data/prmu.jsonl"],
  outside: async (config, tools) => ({
    base: await baseIdentity(config, tools),
    encoder: await identity(await tools.modelDir(encoderOf(config, "prlm"))),
  }),
  writes: ["candidates.jsonl", "sampled.json", "held_out.json", "model.json"],
  run: train,
};

/** Two answers to one query. */
interface Contrast {
  readonly id: string;
  readonly example: ShownExample;
  readonly withItems: string;
  readonly without: string;
}

async function train(context: StageContext): Promise<void> {
  const { run, dir, config, engines, progress, now, modelDir } = context;
  const { prlm, seed } = config;
  const asking = await openAsking(context, config.model, true, []);
  const encoder = encoderOf(config, "prlm");
  const tokensOf = loadTextTokens(await modelDir(encoder));
  const textOf = ({ example }: Contrast, answer: string): number[] =>
    tokensOf(scoredText(taskBy(asking.tasks)(example), { ...example, shown: [] }, answer));
  const pairs = stream(seed, "prlm", "pairs")
    .shuffle(await contrasts(context, asking, readSplit(run, "prmu")))
    .slice(0, prlm.pairs);
  const held = pairs.slice(0, Math.floor(pairs.length * prlm.held_out));
  const engine = await engines.embeddings();
  const { path, step } = await trainScorer({
    ...{ name: "prlm-reward", title: "PrLM's reward model", engine, model: encoder, users: 0, loss: "bradley_terry" },
    units: pairs
      .slice(held.length)
      .map((pair) => preferred(pair.id, pair.example.task, textOf(pair, pair.withItems), textOf(pair, pair.without))),
    ...{ config: prlm, seed, log: openLoop(dir), progress, clock: now },
  });
  const asked = held.flatMap((pair) =>
    [pair.withItems, pair.without].map((answer): Scored => ({ tokens: textOf(pair, answer), row: 0 })),
  );
  const logits = asked.length === 0 ? [] : await scoreTexts(engine, { path, users: 0, seed }, asked);
  const right = held.filter((_, i) => (logits[2 * i] ?? 0) > (logits[2 * i + 1] ?? 0)).length;
  writeJson(join(dir, "held_out.json"), { pairs: pairs.length, held_out: held.length, right });
  progress.say(
    `PrLM: ${pairs.length} pairs of answers with and without items; of ${held.length} held out its reward prefers ${right} as it should.`,
  );
  writeModel(context, { path, step, score: null, state: null });
}

/** Queries a unit of the engine. */
const UNIT = 64;

/** Pairs that can teach: both answers say something, and not the same. */
async function contrasts(
  context: StageContext,
  asking: Asking,
  examples: readonly ShownExample[],
): Promise<Contrast[]> {
  const { dir, config, engines, progress } = context;
  const { rollouts, max_tokens: maxTokens } = config.prlm;
  const ask = keptSampler({
    open: async () => (await engines.policy()).sampler(config.model),
    ...{ codec: asking.renderer, identity: "base", maxTokens },
    store: fileStore<Readonly<Record<string, readonly Drawn[]>>>(join(dir, "candidates.jsonl")),
  });
  const found: Contrast[] = [];
  let [tokens, responses] = [0, 0];
  progress.start("PrLM, answers with items and without", examples.length);
  for (let at = 0; at < examples.length; at += UNIT) {
    const part = examples.slice(at, at + UNIT);
    const asked = (promptOf: Asking["promptOf"], how: string) =>
      ask(
        part.map((example) => ({
          ...{ prompt: promptOf(example), n: rollouts, temperature: 1 },
          seed: seedOf(config.seed, "prlm", how, example.task, example.id),
        })),
      );
    const [withItems, without] = [await asked(asking.promptOf, "with"), await asked(asking.promptWithout, "without")];
    for (const one of [...withItems, ...without].flat()) {
      tokens += one.tokens;
      responses++;
    }
    for (const [example, both] of zipStrict(part, zipStrict(withItems, without))) found.push(...pairsOf(example, both));
    progress.update(at + part.length);
  }
  progress.end();
  writeJson(join(dir, "sampled.json"), { responses, tokens });
  return found;
}

/** The k-th answer with items against the k-th without; thoughts are left out. */
export function pairsOf(
  example: ShownExample,
  [withItems, without]: readonly [readonly Pick<Drawn, "text">[], readonly Pick<Drawn, "text">[]],
): Contrast[] {
  return zipStrict(withItems, without).flatMap(([a, b], k): Contrast[] => {
    const [better, worse] = [answerIn(a.text), answerIn(b.text)];
    const id = `${example.task}/${example.id}/${k}`;
    return better === "" || worse === "" || better === worse
      ? []
      : [{ id, example, withItems: better, without: worse }];
  });
}
