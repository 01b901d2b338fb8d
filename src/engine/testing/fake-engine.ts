import { TagprError } from "../../core/errors.ts";
import type { Engine, SamplingClient, TrainingClient, TrainOptions } from "../types.ts";
import { adamStep, type Bigram, makeBigram, runLoss, sampleOne, withState } from "./bigram.ts";

/** What a fake engine saved; hand the same disk to a second engine to play a restart. */
export interface FakeDisk {
  readonly saved: Map<string, { model: Bigram; reward: TrainOptions["reward"] }>;
  models: number;
}

export const makeDisk = (): FakeDisk => ({ saved: new Map(), models: 0 });

export interface FakeOptions {
  readonly vocab: number;
  readonly disk?: FakeDisk;
  readonly gspo?: boolean;
  /** Called before and after each operation, with its name: throw to play a crash, record to look on. */
  readonly onCall?: (name: string) => void;
}

/** An engine in memory around {@link Bigram} models: real losses, gradients and sampling, no tensors. For tests. */
export function makeFakeEngine(options: FakeOptions): Engine {
  const disk = options.disk ?? makeDisk();
  const call = async <T>(name: string, work: () => T): Promise<T> => {
    options.onCall?.(name);
    const result = work();
    options.onCall?.(`${name} done`);
    return result;
  };
  const load = (path: string): { model: Bigram; reward: TrainOptions["reward"] } => {
    const found = disk.saved.get(path);
    if (found === undefined) throw new TagprError("engine", `nothing saved at ${path}`);
    return found;
  };
  const start = (model: string): Bigram =>
    model.startsWith("tinker://") ? load(model).model : makeBigram(options.vocab, 0);
  return {
    capabilities: { extensions: { reward: "1" }, gspo: options.gspo ?? true },
    train: (train) =>
      call("train", () => {
        const from = train.resume === undefined ? undefined : load(train.resume).model;
        const model =
          from !== undefined
            ? withState(options.vocab, from.params, from.moments, from.steps)
            : train.reward !== undefined && !train.model.startsWith("tinker://")
              ? makeBigram(options.vocab, train.seed, train.reward)
              : withState(options.vocab, start(train.model).params, undefined, 0);
        return trainingClient(model, train, disk, call);
      }),
    sampler: (model) => call("sampler", () => samplingClient(start(model), call)),
    embed: (_, texts) => Promise.resolve(texts.map(() => [1])),
    export: () => Promise.resolve(),
    saved: (model) =>
      call("saved", () => [...disk.saved.keys()].filter((path) => path.startsWith(`tinker://${model}/`))),
    forget: (path) =>
      call("forget", () => {
        load(path);
        disk.saved.delete(path);
      }),
    close: () => Promise.resolve(),
  };
}

type Call = <T>(name: string, work: () => T) => Promise<T>;

function trainingClient(model: Bigram, train: TrainOptions, disk: FakeDisk, call: Call): TrainingClient {
  const modelId = `model-${disk.models++}`;
  const save = (kind: string, name: string): string => {
    const path = `tinker://${modelId}/${kind}/${name}`;
    disk.saved.set(path, {
      model: withState(model.vocab, model.params, model.moments, model.steps),
      reward: train.reward,
    });
    return path;
  };
  return {
    modelId,
    forward: (data, loss, config = {}) => call("forward", () => runLoss(model, data, loss, config, true)),
    forwardBackward: (data, loss, config = {}) =>
      call("forward_backward", () => runLoss(model, data, loss, config, false)),
    optimStep: (adam) => call("optim_step", () => ({ "grad_norm:mean": adamStep(model, adam) })),
    saveState: (name) => call("save_weights", () => save("weights", name)),
    saveForSampler: (name) => call("save_weights_for_sampler", () => save("sampler_weights", name)),
    sampler: () => call("sampler", () => samplingClient(withState(model.vocab, model.params, undefined, 0), call)),
    unload: () => call("unload", () => undefined),
  };
}

function samplingClient(model: Bigram, call: Call): SamplingClient {
  return {
    sample: (requests) =>
      call("sample", () => requests.map((r) => Array.from({ length: r.numSamples }, (_, k) => sampleOne(model, r, k)))),
  };
}

/** A tokenizer over given pieces of text, the longest first; token 0 ends a turn. */
export function pieceCodec(pieces: readonly string[]): {
  vocab: number;
  eosIds: readonly number[];
  encode: (text: string) => number[];
  decode: (tokens: readonly number[]) => string;
} {
  const byLength = [...pieces].sort((a, b) => b.length - a.length);
  return {
    vocab: pieces.length + 1,
    eosIds: [0],
    encode: (text) => {
      const out: number[] = [];
      for (let at = 0; at < text.length; ) {
        const piece = byLength.find((p) => text.startsWith(p, at));
        if (piece === undefined) throw new TagprError("internal", `no piece for ${JSON.stringify(text.slice(at))}`);
        out.push(pieces.indexOf(piece) + 1);
        at += piece.length;
      }
      return out;
    },
    decode: (tokens) => tokens.map((t) => pieces[t - 1] ?? "").join(""),
  };
}

/** Thrown by {@link killAfter} in the place of a crash. */
export class Killed extends Error {}

/** An `onCall` that dies at the `calls`-th event: before an operation, or after it but before its caller knows. */
export function killAfter(calls: number): () => void {
  let left = calls;
  return () => {
    if (--left < 0) throw new Killed("killed");
  };
}
