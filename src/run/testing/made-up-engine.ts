import { stream } from "../../core/random.ts";
import type { Engine, SamplingClient, TrainingClient, TrainOptions } from "../../engine/types.ts";
import type { Renderer } from "../../prompts/renderer.ts";

/** What an engine was asked. */
export interface Asked {
  readonly trained: TrainOptions[];
  /** Weights that samplers were opened of. */
  readonly sampled: string[];
  /** Texts of the prompts. */
  readonly prompts: string[];
  /** Texts that supervised training saw. */
  readonly learnt: string[];
  steps: number;
}

/**
 * An engine that computes nothing: it says `says(random)`, whatever it is asked and was taught, and notes what it was asked.
 * `onStep` may throw to play a crash.
 */
export function madeUpEngine(
  renderer: Renderer,
  says: (pick: <T>(of: readonly T[]) => T) => string,
  onStep: (steps: number) => void = () => {},
): { engine: Engine; asked: Asked } {
  const asked: Asked = { trained: [], sampled: [], prompts: [], learnt: [], steps: 0 };
  const sampler = (): SamplingClient => ({
    sample: async (requests) =>
      requests.map(({ prompt, numSamples, seed, params }) => {
        asked.prompts.push(renderer.decode(prompt));
        return Array.from({ length: numSamples }, (_, k) => {
          const random = stream("said", seed, params.temperature, k, prompt.length);
          const tokens = [...renderer.encode(says((of) => random.pick(of))), renderer.eosIds[0] ?? 0];
          return { tokens, logprobs: tokens.map(() => -1), stopReason: "stop" as const };
        });
      }),
  });
  const client = (id: string): TrainingClient => {
    const forward: TrainingClient["forward"] = async (data, loss) => {
      if (loss === "cross_entropy") asked.learnt.push(...data.map(({ tokens }) => renderer.decode(tokens)));
      const outputs = data.map(({ tokens }, i) => ({
        logprobs: new Float32Array(tokens.length).fill(-1),
        logits: Float32Array.of(i % 2 === 0 ? 1 : 0),
      }));
      return { outputs, metrics: { "loss:sum": 1 } };
    };
    return {
      modelId: id,
      forward,
      forwardBackward: forward,
      optimStep: async () => {
        onStep(++asked.steps);
        return { "grad_norm:mean": 1 };
      },
      saveState: async (name) => `tinker://${id}/weights/${name}`,
      saveForSampler: async (name) => `tinker://${id}/sampler_weights/${name}`,
      sampler: async () => sampler(),
      unload: async () => {},
    };
  };
  const engine: Engine = {
    capabilities: { extensions: { reward: "1" }, gspo: true },
    train: async (options) => {
      asked.trained.push(options);
      return client(`model-${asked.trained.length}`);
    },
    sampler: async (path) => {
      asked.sampled.push(path);
      return sampler();
    },
    embed: async (_, texts) => texts.map((text) => Array.from({ length: 4 }, (_unused, i) => stream(text, i).next())),
    export: async () => {},
    saved: async () => [],
    forget: async () => {},
    close: async () => {},
  };
  return { engine, asked };
}
