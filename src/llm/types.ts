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
}

export interface Usage {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface ChatResult {
  /** The samples, in order; reasoning given apart is put in front inside `<think>…</think>`. Empty when refused. */
  readonly texts: readonly string[];
  /** `truncated[i]`: sample i ran into `maxTokens`. */
  readonly truncated: readonly boolean[];
  /** Tokens that these samples cost when they were made, also when they now come from the cache. */
  readonly usage: Usage;
  /** Why the endpoint would not answer this one request (too long, content policy); absent when it did. */
  readonly refused?: string;
}

/** Sums over everything a model was asked in its life. */
export interface Spent {
  /** Requests sent; those answered from the cache. */
  readonly requests: number;
  readonly cached: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** At the given prices, the cached requests' first cost included. */
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
