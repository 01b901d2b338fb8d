/** One message of a chat, as OpenAI-compatible endpoints take it. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatMessage[];
  /** How many samples. */
  readonly n: number;
  readonly temperature: number;
  /** Cut-off of each sample, in tokens. */
  readonly maxTokens: number;
  /** Passed on where the endpoint honours it. */
  readonly seed?: number;
  /** Fields of the body that OpenAI's API does not have, or not of every model; those named above win over them. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatResult {
  /** The samples that came, in order; reasoning given apart is put in front inside `<think>…</think>`. Fewer than `n` when refused or failed. */
  readonly texts: readonly string[];
  /** `truncated[i]`: sample i ran into `maxTokens`. */
  readonly truncated: readonly boolean[];
  /** Tokens that these samples cost when they were made, also when they now come from the cache. */
  readonly usage: Usage;
  /** Why the endpoint would not answer this one request (too long, content policy); absent when it did. */
  readonly refused?: string;
  /** What the last try ended in, where the endpoint gave no usable answer (broken, too late, a failure of its own). */
  readonly failed?: string;
}

/** Sums over everything a model was asked in its life. Each paid answer counts once, however often it is used. */
export interface Spent {
  /** Requests sent over the network, each try; requests answered from what was kept. */
  readonly requests: number;
  readonly cached: number;
  /** Requests that ended without a whole answer, refusals aside. */
  readonly failed: number;
  /** Answers that came broken or too late. They may have been billed; nobody knows their tokens, so they are in no sum. */
  readonly unusable: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** At the given prices, with what kept answers cost when they were made. */
  readonly dollars: number;
}

/** Anything that completes chats: an endpoint over HTTP, or the policy's own base model through the engine. */
export interface ChatModel {
  /** Shown in reports: `gpt-4o at https://api.openai.com/v1`. */
  readonly name: string;
  complete(request: ChatRequest): Promise<ChatResult>;
  /** `result[i]` answers `requests[i]`; `onDone` hears how many are done so far. */
  completeMany(requests: readonly ChatRequest[], onDone?: (done: number) => void): Promise<ChatResult[]>;
  spent(): Spent;
}
