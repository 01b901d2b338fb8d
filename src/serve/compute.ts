/** Where tokens come from: the embedded engine, or an OpenAI-compatible completion server. */
export interface Compute {
  /**
   * Samples `n` completions of one prompt. Deltas come as they are made, each of one choice, of any choice in any order; the
   * last of a choice has `finish`, and the iteration ends when all have. What is no longer wanted is cancelled: when `signal` is
   * aborted (the iteration throws its reason), or when the caller leaves the loop early.
   * @throws TagprError `engine` where the request can't be served, `engine_lost` where a later one may be
   */
  complete(request: ComputeRequest, signal: AbortSignal): AsyncIterable<Delta>;
  close(): Promise<void>;
}

/** One prompt. What ends a response are the model's own end-of-turn tokens; stop strings are looked for in the answer, by the caller. */
export interface ComputeRequest {
  /** Token ids. */
  readonly prompt: readonly number[];
  /** Completions, 1 or more; choice i of a seed is the same whatever else is sampled beside it. */
  readonly n: number;
  /** Tokens of a completion at most. */
  readonly maxTokens: number;
  /** 0 = greedy. */
  readonly temperature: number;
  /** Above 0, 1 at most. */
  readonly topP: number;
  readonly seed: number;
  /** Only requests of the same salt may share computed prompts, where tokens come from a server that keeps them. */
  readonly cacheSalt?: string | undefined;
}

export interface Delta {
  /** 0 to n − 1. */
  readonly choice: number;
  /**
   * Whole characters, special tokens left out: the texts of a choice, joined, are its decoded tokens, without what the chat
   * template began of the response. May be empty.
   */
  readonly text: string;
  /** Tokens that this delta stands for, the end-of-turn token included. */
  readonly tokens: number;
  /** `length`: the choice was cut off at `maxTokens`. */
  readonly finish: "stop" | "length" | null;
}
