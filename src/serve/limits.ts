/** Everything that one client, or many, may not exceed. The page of the API (docs/serving.md) is written from here. */
export const LIMITS = {
  /** Bytes of a request's body. */
  body: 4 << 20,
  /** Bytes of a user's import. */
  import: 64 << 20,
  /** Items of a history that comes with a request, or of one put. */
  items: 5000,
  /** Items that are kept of a user. */
  userItems: 200_000,
  /** Bytes of the histories that are kept in memory. */
  histories: 512 << 20,
  /** Milliseconds after which an instance looks whom the others erased. */
  sweep: 60_000,
  /** Users or items of a page. */
  page: 1000,
  /** Messages of a conversation. */
  messages: 64,
  /** Choices of a request. */
  choices: 16,
  /** Stop strings of a request, and characters of each. */
  stops: 4,
  stopLength: 100,
  /** Texts of a request for embeddings. */
  texts: 256,
  /** Requests that are answered at once. */
  running: 32,
  /** Requests that wait for their turn; one more is refused with 429. */
  waiting: 128,
  /** Seconds after which a client that was refused for want of room may ask again. */
  retryAfter: 2,
  /** Milliseconds of a request from its arrival to its last byte. */
  deadline: 300_000,
  /** Milliseconds that a stop waits for what is being answered. */
  grace: 20_000,
  /** Milliseconds in which the last words reach their clients. */
  goodbye: 1000,
  /** Milliseconds between two signs of life in a stream in which nothing is said. */
  heartbeat: 15_000,
} as const;

/** {@link LIMITS}, which a test may tighten. */
export type Limits = { readonly [name in keyof typeof LIMITS]: number };
