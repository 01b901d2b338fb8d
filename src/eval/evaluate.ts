import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import { type Asked, answeredOf, askedOf } from "./answered.ts";
import { meanScore } from "./headline.ts";
import type { Sampling } from "./samples.ts";
import type { Method, Prediction, Reply, Tools } from "./types.ts";

export interface EvaluateOptions {
  readonly method: Method;
  /** Shown while it answers; default: the method's own label. */
  readonly title?: string;
  readonly tools: Omit<Tools, "draw">;
  readonly examples: readonly ShownExample[];
  /** Queries that a method is asked about at once. */
  readonly batch: number;
  /** What is drawn beside the greedy answer; nothing without it. */
  readonly sampling?: Sampling;
}

/**
 * What one method says to every example, in order, one list a batch, read and scored. Begun again after a kill it asks the
 * very batches of an unbroken evaluation; its tools answer from what they kept.
 */
export async function* evaluateMethod(options: EvaluateOptions): AsyncGenerator<readonly Prediction[]> {
  const { examples, batch, method, sampling } = options;
  const { progress } = options.tools;
  const tools: Tools = { ...options.tools, draw: sampling ?? null };
  progress.start(options.title ?? `Evaluation: ${method.label}`, examples.length);
  let sum = 0;
  for (let at = 0; at < examples.length; at += batch) {
    const asked = examples.slice(at, at + batch).map((example) => askedOf(example, tools.tasks));
    const replies = await method.answer(
      asked.map(({ example }) => example),
      tools,
    );
    if (replies.length !== asked.length)
      throw new TagprError("internal", `${method.name} gave ${replies.length} replies to ${asked.length} queries`);
    const predictions = zipStrict(asked, replies).map(([one, reply]) => predictionOf(method, one, reply, sampling));
    sum += predictions.reduce((total, p) => total + meanScore(p, "lenient"), 0);
    yield predictions;
    const seen = at + predictions.length;
    progress.update(seen, `mean score ${(sum / seen).toFixed(3)}`);
  }
  progress.end();
}

function predictionOf(method: Method, asked: Asked, reply: Reply, sampling: Sampling | undefined): Prediction {
  const { example, gold, task } = asked;
  const { shown, cut, cost, made, samples } = reply;
  const read = (one: Pick<Reply, "response" | "tokens" | "truncated">) =>
    answeredOf(asked, one, shown, method.reasoning);
  return {
    ...{ task: task.name, query: example.id, user: example.user, gold, ...read(reply) },
    ...(cut.length === 0 ? {} : { cut }),
    ...(sampling === undefined || samples === undefined
      ? {}
      : {
          sampled: {
            temperature: sampling.temperature,
            primary: sampling.primary,
            answers: samples.map(read),
          },
        }),
    cost,
    ...(made === undefined ? {} : { made }),
  };
}
