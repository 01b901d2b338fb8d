import type PQueue from "p-queue";
import type { Logger } from "pino";
import type { Store } from "../store/open.ts";
import type { Rates } from "../store/rates.ts";
import type { AnswerTools } from "./answer.ts";
import type { Limits } from "./limits.ts";
import type { Metrics } from "./metrics.ts";
import type { Histories } from "./stored.ts";
import type { Users } from "./users.ts";

/** What a server answers with. Everything impure comes in here. */
export interface Service {
  /** By the name that clients ask for, the default first. */
  readonly askers: ReadonlyMap<string, AnswerTools>;
  /** Of the folder that was given. */
  readonly users: Users | null;
  /** Users that come and go; null: none is kept. */
  readonly store: Store | null;
  /** Null: nobody is counted. */
  readonly rates: Rates | null;
  /** The store's histories in memory. */
  readonly histories: Histories;
  /** Null where no embedding model is served. */
  readonly embeddings: Embedding | null;
  readonly limits: Limits;
  /** What every request carries. */
  readonly token: string;
  /** Hears no text of a user or a model, and no token. */
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  readonly metrics: Metrics;
  /** Runs `limits.running` requests at once; the others wait. */
  readonly queue: PQueue;
  /** Aborted when the server stops and waits no longer. */
  readonly stopping: Stopping;
  /** Milliseconds, for durations; and the time of day. */
  readonly now: () => number;
  readonly today: () => Date;
  readonly uuid: () => string;
  /** Draws the seed of a request that gives none. */
  readonly drawSeed: () => number;
  /** Aborts after so many milliseconds. */
  readonly deadline: (ms: number) => AbortSignal;
  /** Calls `tick` every `ms` until the returned function is called. */
  readonly repeat: (tick: () => void, ms: number) => () => void;
}

/** A stop in two steps: first nothing new is taken, then what still runs is let go. */
export interface Stopping {
  readonly begun: AbortSignal;
  readonly over: AbortSignal;
}

export interface Embedding {
  readonly model: string;
  /** Vectors of the texts, and the tokens that were read: a long text is cut at the model's limit. */
  readonly embed: (texts: readonly string[]) => Promise<{ readonly vectors: number[][]; readonly tokens: number }>;
}
