/**
 * The tables of a store, the same in SQLite and PostgreSQL. Times are milliseconds since 1970, truth is 0 or 1. Every table
 * that holds something of a user refers to their row and goes with it; `key_users`, which may name users that are not there
 * yet, is the one that an erasure has to name.
 */
export interface Tables {
  readonly meta: MetaTable;
  readonly users: UsersTable;
  readonly items: ItemsTable;
  readonly vectors: VectorsTable;
  readonly requests: RequestsTable;
  readonly answers: AnswersTable;
  readonly feedback: FeedbackTable;
  readonly keys: KeysTable;
  readonly key_users: KeyUsersTable;
  readonly tombstones: TombstonesTable;
}

/** `secret`: what hashes of this store are keyed with. */
interface MetaTable {
  readonly name: string;
  readonly value: string;
}

interface UsersTable {
  /** As clients name them. */
  readonly id: string;
  /** The id's tombstone, should the user be erased. */
  readonly hash: string;
  /** Drawn when the user is put: who is erased and put again is another, and what was begun for the first one is refused. */
  readonly born: string;
  /** 1: their items and feedback may be exported to train on. */
  readonly consent: number;
  readonly created: number;
  /** Counts changes of the user's items; what is kept in memory is of one revision. */
  readonly revision: number;
  /** The revision at which an item was last deleted. */
  readonly removed: number;
  /** The place that the next new item takes. */
  readonly next: number;
}

interface ItemsTable {
  readonly user_id: string;
  readonly task: string;
  /** Of one user and task. */
  readonly id: string;
  /** As written, where there is one; see `data/dates.ts`. */
  readonly date: string | null;
  /** A JSON object of texts: the task's item fields. */
  readonly fields: string;
  /** Order in which the user's items came; an item that is put again keeps its place. */
  readonly place: number;
  /** The user's revision that wrote it. */
  readonly revision: number;
  /** When it was written. */
  readonly time: number;
}

/** Vectors of items for dense retrieval; an item that changes loses its own. */
interface VectorsTable {
  readonly user_id: string;
  readonly task: string;
  readonly item: string;
  /** What made it. */
  readonly model: string;
  /** 32-bit floats, little-endian. */
  readonly vector: Uint8Array | ArrayBuffer;
}

/** Requests that carried an idempotency key, and what they were answered. */
interface RequestsTable {
  readonly user_id: string;
  /** Hash of the key. */
  readonly key: string;
  /** Hash of the request. */
  readonly request: string;
  readonly status: number;
  /** JSON. */
  readonly reply: string;
  readonly time: number;
}

/** Answers that feedback may be about, of users with consent. */
interface AnswersTable {
  /** The completion's id. */
  readonly id: string;
  readonly user_id: string;
  readonly task: string;
  /** The query, as the task's queries are written. */
  readonly input: string;
  /** JSON: the items that were shown, where the history came with the question; null: it was the user's own, as of `revision`. */
  readonly given: string | null;
  /** JSON: the ids of the items that were shown. */
  readonly shown: string;
  /** JSON: of each choice the answer as the task reads it strictly, or null. */
  readonly answer: string;
  /** The user's, when it was asked. */
  readonly revision: number;
  readonly time: number;
}

/** What was said of answers, of users with consent; it stays when the answer is deleted. */
interface FeedbackTable {
  /** Of the completion and the choice. */
  readonly id: string;
  readonly user_id: string;
  readonly task: string;
  readonly input: string;
  readonly given: string | null;
  /** What was answered; null where it could not be read. */
  readonly answer: string | null;
  /** The true answer, where it was told. */
  readonly gold: string | null;
  /** 0 to 1, where the answer was graded. */
  readonly grade: number | null;
  readonly completion: string;
  /** When the question was asked. */
  readonly asked: number;
  readonly revision: number;
  readonly time: number;
}

interface KeysTable {
  readonly id: string;
  /** Hash of the key; the key itself is nowhere. */
  readonly hash: string;
  /** What a person calls it. */
  readonly name: string;
  /** JSON: a list of scopes. */
  readonly scopes: string;
  /** 1: for the users of `key_users` alone, even where there are none left. */
  readonly bound: number;
  readonly created: number;
  readonly revoked: number | null;
}

interface KeyUsersTable {
  readonly key_id: string;
  readonly user_id: string;
}

/** Who was erased, by the hash of their id: a backup that still has them can't bring them back. */
interface TombstonesTable {
  readonly hash: string;
  /** Users that were put up to then are erased ones. */
  readonly time: number;
}

/** Counts requests, in PostgreSQL alone: `rate-limiter-flexible` keeps it. */
export const RATES_TABLE = "rates";
