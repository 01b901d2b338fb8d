import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../../src/core/errors.ts";
import { connectEngine } from "../../../src/engine/client.ts";
import { startSlowTrainer } from "../../../src/engine/testing/slow-trainer.ts";
import type { AdamParams, Datum, TrainingClient } from "../../../src/engine/types.ts";
import { engine, engineSettings } from "./own-engine.ts";
import { hold, type Setting, type Trial } from "./trial.ts";

const ADAM: AdamParams = { learningRate: 1e-2, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 };
const TOKENS = [5, 6, 7, 8, 9, 10];
const DATA: readonly Datum[] = [
  {
    tokens: TOKENS.slice(0, -1),
    inputs: {
      target_tokens: { dtype: "int64", data: TOKENS.slice(1) },
      weights: { dtype: "float32", data: TOKENS.slice(1).map(() => 1) },
    },
  },
];

async function connected() {
  const { url, token, models } = await engine();
  return { engine: await connectEngine({ url, key: token }), models };
}

async function logprobs(client: TrainingClient): Promise<string> {
  const { outputs } = await client.forward(DATA, "cross_entropy");
  return JSON.stringify(outputs.map((one) => Array.from(one.logprobs ?? [])));
}

async function step(client: TrainingClient, adam: AdamParams): Promise<void> {
  await client.forwardBackward(DATA, "cross_entropy");
  await client.optimStep(adam);
}

/** A step that would make weights infinite is refused, and they stay as they were. */
async function infiniteWeights({ random }: Setting): Promise<void> {
  const own = await connected();
  const client = await own.engine.train({ model: "tiny", rank: random.pick([0, 4]), seed: random.int(1000) });
  if (random.next() < 0.5) await step(client, ADAM);
  const before = await logprobs(client);
  const learningRate = random.pick([1e308, 1e300, 1.7e308]);
  const said = await step(client, { ...ADAM, learningRate }).then(() => "ok", messageOf);
  hold(/infinite or NaN/.test(said), `a step of learning rate ${learningRate} says: ${said}`);
  hold((await logprobs(client)) === before, `a refused step of learning rate ${learningRate} changed the weights`);
  await step(client, ADAM);
  hold((await logprobs(client)) !== before, "after a refused step the model learns no more");
  await client.unload();
  await own.engine.close();
}

/** Weights that are cut off are named with their file, and hide no other model. */
async function cutWeights({ random }: Setting): Promise<void> {
  const own = await connected();
  const whole = readFileSync(join(own.models, "tiny", "model.safetensors"));
  const length = random.next() < 0.3 ? random.int(16) : random.int(whole.length);
  writeFileSync(join(own.models, "cut", "model.safetensors"), whole.subarray(0, length));
  const said = await own.engine.train({ model: "cut", rank: 0, seed: 1 }).then(() => "ok", messageOf);
  hold(/model\.safetensors is damaged or cut off/.test(said), `${length} of ${whole.length} bytes of weights: ${said}`);
  await (await own.engine.train({ model: "tiny", rank: 0, seed: 1 })).unload();
  await own.engine.close();
}

/** Suspended for longer than a session's silence may last, training goes on as if nothing had been. */
async function sleepers({ random, dir }: Setting): Promise<void> {
  const own = await connected();
  const trainer = await startSlowTrainer({
    ...{ ...engineSettings(), models: [join(own.models, "tiny")], modelsDir: own.models, store: join(dir, "store") },
    ...{ sessionTimeout: 0.5, data: DATA, adam: ADAM },
  });
  const asleep = random.pick([[trainer.pid], [trainer.enginePid], [trainer.pid, trainer.enginePid]]);
  await trainer.step();
  for (const pid of asleep) process.kill(pid, "SIGSTOP");
  await delay(2500); // the engine looks for silent sessions every second
  for (const pid of asleep) process.kill(pid, "SIGCONT");
  const after = await trainer.step().then(JSON.stringify, messageOf);
  await trainer.end();
  const client = await own.engine.train({ model: "tiny", rank: 0, seed: 1 });
  await step(client, ADAM);
  await step(client, ADAM);
  hold((await logprobs(client)) === after, `two steps with a sleep between them came to ${after.slice(0, 200)}`);
  await client.unload();
  await own.engine.close();
}

export const TRAINING: readonly Trial[] = [
  { point: 11, name: "a sleep longer than a session's silence", run: sleepers },
  { point: 15, name: "steps that make weights infinite", run: infiniteWeights },
  { point: 15, name: "weights that are cut off", run: cutWeights },
];
