import type { QueryId } from "../data/types.ts";

/** One training chain: what the SFT policy learns to say to `query`'s prompt. */
export interface Chain {
  readonly task: string;
  readonly query: QueryId;
  /** Which of the query's roll-outs it was. */
  readonly i: number;
  /** `<think>` tagged steps `</think>` answer: the whole completion, without the end-of-turn token. */
  readonly completion: string;
  /** The same reasoning with the tags stripped (ours: the `untagged` ablation). */
  readonly untagged: string;
  readonly answer: string;
  readonly split: "train" | "held_out";
}
