/**
 * Group Sequence Policy Optimization, whole: prompts → groups of five → rewards → advantages → gspo → optim_step.
 *
 *   npx tsx examples/gspo-loop.ts            (first a short SFT, so that there is something to reward)
 *
 * The same as src/policy/rl.ts without resume, logging, the other rewards and the choice of the best step.
 */
import { fileURLToPath } from "node:url";
import { type Datum, type Engine, type Renderer, readResponse, type Sequence, seedOf } from "tagpr";
import { sftLoop } from "./sft-loop.ts";
import { openExample, type Question, questions, TAGS, TASK } from "./world.ts";

export interface GspoLoopOptions {
  readonly engine: Engine;
  /** A model, or the `tinker://` path of an SFT policy. */
  readonly model: string;
  readonly renderer: Renderer;
  readonly steps: number;
  /** Prompts a step, in two mini-batches. */
  readonly batch: number;
  readonly learningRate: number;
  readonly maxTokens: number;
  readonly say: (line: string) => void;
}

export interface GspoLoopResult {
  readonly path: string;
  /** Mean reward of each step's roll-outs. */
  readonly rewards: readonly number[];
  /** Optimizer steps done; a mini-batch whose groups are all without spread does none. */
  readonly updates: number;
}

interface Rollout {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
  readonly reward: number;
  readonly advantage: number;
}

const GROUP = 5;
const DELTA = 0.05;
const CLIP = { clip_low_threshold: 1 - 0.0003, clip_high_threshold: 1 + 0.0004 };

export async function gspoLoop(options: GspoLoopOptions): Promise<GspoLoopResult> {
  const { engine, model, renderer, steps, batch, learningRate, maxTokens, say } = options;
  const asked = questions(renderer, "gspo-loop", steps * batch);
  const policy = await engine.train({ model, rank: 0, seed: 0 });
  const rewards: number[] = [];
  let updates = 0;
  for (let step = 0; step < steps; step++) {
    // Roll out: five answers to each prompt, from the policy as it is now, all prompts as one unit.
    const now = asked.slice(step * batch, (step + 1) * batch);
    const sampler = await policy.sampler();
    const groups = await sampler.sample(
      now.map(({ prompt }, i) => ({
        prompt,
        numSamples: GROUP,
        seed: seedOf("gspo-loop", step, i),
        params: { maxTokens, temperature: 1, stop: renderer.eosIds },
      })),
    );
    const rollouts = now.flatMap((question, i) => judged(renderer, question, groups[i] ?? []));
    rewards.push(mean(rollouts.map(({ reward }) => reward)));

    // Old log-probs: the trainer's own for all mini-batches, before the first update moves the policy.
    const { outputs } = await policy.forward(rollouts.map(crossEntropy), "cross_entropy");
    const half = Math.ceil(batch / 2) * GROUP;
    for (const from of [0, half]) {
      // N counts every roll-out of the mini-batch; those of groups without spread have no gradient and stay home.
      const mini = rollouts
        .slice(from, from + half)
        .map((rollout, i) => ({ rollout, old: outputs[from + i]?.logprobs }));
      const data = mini.flatMap(({ rollout, old }) =>
        rollout.advantage === 0 || old === undefined ? [] : [gspo(rollout, old, mini.length)],
      );
      if (data.length === 0) continue;
      await policy.forwardBackward(data, "gspo", CLIP);
      await policy.optimStep({ learningRate, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 });
      updates++;
    }
    say(`step ${step + 1}/${steps}  reward ${rewards.at(-1)?.toFixed(3)}  updates ${updates}`);
  }
  const path = await policy.saveForSampler("gspo-loop");
  await policy.unload();
  return { path, rewards, updates };
}

/** Rewards of one group, and A = (r − mean)/(std + δ). */
function judged(renderer: Renderer, { prompt, gold }: Question, group: readonly Sequence[]): Rollout[] {
  const scores = group.map(({ tokens, stopReason }) => {
    const text = renderer.responsePrefix + renderer.decode(tokens);
    const { formatOk, answer } = readResponse(text, { task: TASK, tags: TAGS, truncated: stopReason === "length" });
    return (answer === gold ? 1 : 0) + (formatOk ? 0.1 : 0);
  });
  const center = mean(scores);
  const spread = Math.sqrt(mean(scores.map((score) => (score - center) ** 2)));
  return group.map(({ tokens }, k) => {
    const reward = scores[k] ?? 0;
    const advantage = new Set(scores).size === 1 ? 0 : (reward - center) / (spread + DELTA);
    return { prompt, response: tokens, reward, advantage };
  });
}

/** Forward only: what the trainer gives each token. */
const crossEntropy = (rollout: Rollout): Datum => datum(rollout, { weights: rollout.response.map(() => 1) });

/**
 * s = exp(mean over the response of log π − log π_old), loss −min(s·A, clip(s)·A). The engine sums over tokens and
 * sequences, so the mean over both is in the advantages: A / (|y| · N).
 */
function gspo(rollout: Rollout, old: Float32Array, n: number): Datum {
  const { response, advantage } = rollout;
  return datum(rollout, {
    logprobs: [...old.slice(-response.length)],
    advantages: response.map(() => advantage / (response.length * n)),
    sequence_ratio_mask: response.map(() => 1),
  });
}

/** Prompt and response shifted by one; each input is 0 over the prompt. */
function datum({ prompt, response }: Rollout, inputs: Readonly<Record<string, readonly number[]>>): Datum {
  const all = [...prompt, ...response];
  const blank = prompt.slice(1).map(() => 0);
  const floats = Object.entries(inputs).map(
    ([name, row]) => [name, { dtype: "float32", data: [...blank, ...row] }] as const,
  );
  const target_tokens = { dtype: "int64", data: all.slice(1) } as const;
  return { tokens: all.slice(0, -1), inputs: { target_tokens, ...Object.fromEntries(floats) } };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { engine, model, renderer, close } = await openExample();
  const say = console.log;
  const sft = await sftLoop({ engine, model, renderer, say, steps: 20, batch: 32, learningRate: 5e-4 });
  const rl = { steps: 10, batch: 16, learningRate: 5e-5, maxTokens: 160 };
  const { path } = await gspoLoop({ engine, model: sft.path, renderer, say, ...rl });
  console.log(`weights: ${path}`);
  await close();
}
