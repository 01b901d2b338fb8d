/**
 * Supervised fine-tuning on tagged chains, whole: data → datums → forward_backward → optim_step.
 *
 *   npx tsx examples/sft-loop.ts
 *
 * The same as src/policy/sft.ts without resume, logging, held-out curve and choice of the best step.
 */
import { fileURLToPath } from "node:url";
import type { Datum, Engine, Renderer } from "tagpr";
import { openExample, questions, teach } from "./world.ts";

export interface SftLoopOptions {
  readonly engine: Engine;
  readonly model: string;
  readonly renderer: Renderer;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly say: (line: string) => void;
}

/** Where the trained weights are, and the loss of each step in nats a token. */
export interface SftLoopResult {
  readonly path: string;
  readonly losses: readonly number[];
}

export async function sftLoop(options: SftLoopOptions): Promise<SftLoopResult> {
  const { engine, model, renderer, steps, batch, learningRate, say } = options;

  // Data: the teacher sees what the prompt shows. Only chains that end in the right answer are kept.
  const chains = questions(renderer, "sft-loop", 2 * steps * batch).flatMap((question) => {
    const { text, answer } = teach(question);
    const completion = [...renderer.encode(text), ...renderer.eosIds.slice(0, 1)];
    return answer === question.gold ? [{ prompt: question.prompt, completion }] : [];
  });
  say(`${chains.length} chains with the right answer`);

  const policy = await engine.train({ model, rank: 0, seed: 0 });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const rows = Array.from({ length: batch }, (_, i) => chains[(step * batch + i) % chains.length]).flatMap(
      (row) => row ?? [],
    );

    // Datums: position i of the tokens predicts target i, so the two are shifted by one. The prompt has weight 0: it is
    // read, not learnt. Losses sum in the engine; weights of 1/tokens make it the mean over the batch's tokens.
    const tokens = rows.reduce((sum, { completion }) => sum + completion.length, 0);
    const data: Datum[] = rows.map(({ prompt, completion }) => {
      const all = [...prompt, ...completion];
      const weights = [...prompt.slice(1).map(() => 0), ...completion.map(() => 1 / tokens)];
      return {
        tokens: all.slice(0, -1),
        inputs: {
          target_tokens: { dtype: "int64", data: all.slice(1) },
          weights: { dtype: "float32", data: weights },
        },
      };
    });

    // The gradient of −Σ weight · log π(target), then one step of AdamW.
    const { metrics } = await policy.forwardBackward(data, "cross_entropy");
    await policy.optimStep({ learningRate, beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, gradClipNorm: 1 });
    const loss = metrics["loss:sum"] ?? Number.NaN;
    losses.push(loss);
    say(`step ${step + 1}/${steps}  loss ${loss.toFixed(3)}`);
  }
  const path = await policy.saveForSampler("sft-loop");
  await policy.unload();
  return { path, losses };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { engine, model, renderer, close } = await openExample();
  const { path } = await sftLoop({
    ...{ engine, model, renderer, say: console.log },
    ...{ steps: 40, batch: 32, learningRate: 5e-4 },
  });
  console.log(`weights: ${path}`);
  await close();
}
