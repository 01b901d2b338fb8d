/** Shapes of the Tinker protocol as our loops see them; `client.ts` speaks them over HTTP, fakes in tests. */

/** A named input of a loss, one row a datum. `shape` defaults to `[data.length]`. */
export interface Tensor {
  readonly dtype: "float32" | "int64";
  readonly data: readonly number[] | Float32Array;
}

/**
 * Position i of `tokens` predicts `inputs.target_tokens[i]` (the caller shifts by one). A negative token −1−r is row r of
 * `inputs.soft_tokens` [S · D] (extension `soft_tokens`).
 */
export interface Datum {
  readonly tokens: readonly number[];
  readonly inputs: Readonly<Record<string, Tensor>>;
}

export type LossName =
  | "cross_entropy"
  | "importance_sampling"
  | "ppo"
  | "cispo"
  | "gspo"
  | "bradley_terry"
  | "logistic"
  | "reward_score"
  | "soft_prompt";

export interface LossResult {
  /**
   * One record a datum, in order: `logprobs` [T] (nats) for token losses, `logits` [1] for reward losses; with
   * `soft_gradients: 1` also `soft_gradients` [S · D]; of `soft_prompt` `soft_tokens` [2 · D] and `attention` [N].
   */
  readonly outputs: readonly Readonly<Record<string, Float32Array>>[];
  /** Names follow `name:reduction`. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface AdamParams {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** 0 = off. */
  readonly gradClipNorm: number;
  /** Of a reward model's user rows, where they have one of their own. */
  readonly userLearningRate?: number;
}

export interface SamplingParams {
  readonly maxTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly stop?: readonly string[] | readonly number[];
}

export interface SampleRequest {
  readonly prompt: readonly number[];
  /** Vectors that the prompt's negative tokens stand for: −1−r is `soft[r]`, each as wide as the model (extension `soft_tokens`). */
  readonly soft?: readonly ArrayLike<number>[];
  readonly numSamples: number;
  readonly seed: number;
  readonly params: SamplingParams;
}

export interface StreamedTokens {
  /** Which of the request's samples. */
  readonly sample: number;
  /** A stop token included. */
  readonly tokens: readonly number[];
  /** Why the sample ends with these; null where more will come. */
  readonly finish: "stop" | "length" | null;
}

export interface Sequence {
  readonly tokens: readonly number[];
  /** Nats, one a token, under the sampler's own packing; the embedded engine's are the model's own, at temperature 1. */
  readonly logprobs: readonly number[];
  readonly stopReason: "stop" | "length";
}

export interface TrainingClient {
  readonly modelId: string;
  /**
   * Forward only: no gradient is kept. `cross_entropy` with `only_weighted: 1` may leave out log-probs where weights are
   * 0 (an engine that can't gives them all): the logits of a long prompt cost as much as a layer or more.
   */
  forward(data: readonly Datum[], loss: LossName, config?: Readonly<Record<string, number>>): Promise<LossResult>;
  /** Adds to the gradient; losses SUM over tokens and datums. */
  forwardBackward(
    data: readonly Datum[],
    loss: LossName,
    config?: Readonly<Record<string, number>>,
  ): Promise<LossResult>;
  /** Returns the engine's metrics (grad norm and so on). */
  optimStep(adam: AdamParams): Promise<Readonly<Record<string, number>>>;
  /** Weights and optimizer; answers the `tinker://` path that `Engine.train({resume})` takes. */
  saveState(name: string): Promise<string>;
  /** Weights for sampling; answers the `tinker://` path that `Engine.sampler` takes. */
  saveForSampler(name: string): Promise<string>;
  /** A sampler of the weights as they are now, not kept. */
  sampler(): Promise<SamplingClient>;
  unload(): Promise<void>;
}

export interface SamplingClient {
  /** One ordered unit: `result[i]` are the `numSamples` sequences of `requests[i]`; equal inputs give equal tokens. */
  sample(requests: readonly SampleRequest[]): Promise<Sequence[][]>;
  /**
   * How likely each prompt's own tokens are, in nats, one a token, each given those before it; the first, which nothing
   * stands before, is NaN. One ordered unit as {@link SamplingClient.sample}. Absent of fakes that don't need it.
   */
  logprobs?(prompts: readonly (readonly number[])[]): Promise<Float32Array[]>;
  /**
   * The tokens of {@link SamplingClient.sample} as they are sampled, together with whatever else streams from this sampler.
   * Who stops reading, or aborts the signal, frees its place between two tokens. Absent where the engine can't
   * (extension `sample_stream`).
   */
  stream?(request: SampleRequest, signal: AbortSignal): AsyncIterable<StreamedTokens>;
}

export interface TrainOptions {
  /** A model folder or name, or a `tinker://…/sampler_weights/…` path to start from (fresh optimizer). */
  readonly model: string;
  /** 0 = full parameters. */
  readonly rank: number;
  readonly seed: number;
  /** Continue from this state: weights and optimizer of the same step. */
  readonly resume?: string;
  /**
   * A reward model: scalar head, and `userEmbeddings` rows beside the unknown row 0 (absent: no soft token). Of a text
   * encoder (extension `text_encoders`) a row is a user's own head, and row 0 the head of whoever has none.
   */
  readonly reward?: {
    readonly userEmbeddings?: number;
    /** How far the rows start from row 0, in deviations of the backbone's embeddings; default 0. */
    readonly userSpread?: number;
    /** `model` is a text encoder: an engine that trains none is told apart before it is asked. */
    readonly textEncoder?: true;
  };
  /**
   * A text encoder that makes two soft tokens for this language model (a folder or name), of a text and a user's vectors
   * (extension `soft_tokens`; loss `soft_prompt`).
   */
  readonly softPromptFor?: string;
}

export interface Engine {
  readonly capabilities: { readonly extensions: Readonly<Record<string, string>>; readonly gspo: boolean };
  train(options: TrainOptions): Promise<TrainingClient>;
  /** A sampler of a base model (folder or name) or of a `tinker://` path. */
  sampler(modelOrPath: string): Promise<SamplingClient>;
  /**
   * One vector a text, as the model gives it: not scaled.
   * @param told is given numbers of tokens that were read, which add up to those of all texts
   */
  embed(model: string, texts: readonly string[], told?: (tokens: number) => void): Promise<number[][]>;
  /** Writes a Hugging Face folder of a `tinker://` path. */
  export(path: string, dir: string): Promise<void>;
  /** `tinker://` paths that a model has saved and that still stand. */
  saved(model: string): Promise<readonly string[]>;
  /** Deletes a saved `tinker://` path that no checkpoint needs any more. */
  forget(path: string): Promise<void>;
  close(): Promise<void>;
}
