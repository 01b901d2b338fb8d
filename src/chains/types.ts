import type { Task } from "../data/task.ts";
import type { QueryId, ShownExample } from "../data/types.ts";
import type { ChatRequest, Spent } from "../llm/types.ts";
import type { TaggedStep } from "./pieces.ts";

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

/** An example as teacher, judge and tagger get it: the gold is not merely hidden by the type, it is gone. */
export type Asked = Omit<ShownExample, "gold">;

/** A reasoning chain on its way through the filters. */
export interface Candidate {
  readonly task: Task;
  readonly example: Asked;
  /** Which of the query's roll-outs. */
  readonly i: number;
  /** The inside of `<think>`, trimmed. */
  readonly reasoning: string;
  /** In the task's own form (a label, a grade, a text). */
  readonly answer: string;
  /** Name of the teacher. */
  readonly by: string;
  /** Steps that the teacher tagged itself; `reasoning` is their texts, a line each. */
  readonly steps?: readonly TaggedStep[];
}

/** One line of `rollouts.jsonl`. */
export interface Rollout {
  readonly task: string;
  readonly query: QueryId;
  readonly i: number;
  /** The whole response. */
  readonly text: string;
  /** Null when unreadable or cut off. */
  readonly answer: string | null;
  /** 1 or 0; 1 − distance over the range of grades; ROUGE-L F. Higher is better, 0 when unreadable. */
  readonly score: number;
  readonly accepted: boolean;
  /** The teacher was shown the answer (`teacher.rationalize`). */
  readonly given?: true;
}

/** The judge's four grades, 1–5 each (the scale is ours). */
export interface Grades {
  readonly logical_consistency: number;
  readonly factual_accuracy: number;
  readonly completeness: number;
  readonly conciseness: number;
}

/** One line of `judged.jsonl`. */
export interface Judged {
  readonly task: string;
  readonly query: QueryId;
  readonly i: number;
  /** Null when the judge's answer could not be read. */
  readonly grades: Grades | null;
  readonly total: number;
  readonly kept: boolean;
}

/** One line of `free_tags.jsonl`: the tags of a chain's steps in the exploratory phase, in order. */
export interface FreeTags {
  readonly task: string;
  readonly query: QueryId;
  readonly i: number;
  readonly tags: readonly string[];
}

/** `tags.json`: the primary tags, most used first, and what each stands for. */
export interface TagSet {
  readonly tags: readonly string[];
  readonly clusters: readonly {
    readonly tag: string;
    readonly members: readonly { readonly name: string; readonly count: number }[];
  }[];
}

/** One line of `review.jsonl`, for a person to look at. */
export interface Reviewed {
  readonly task: string;
  readonly query: QueryId;
  readonly i: number;
  readonly prompt: string;
  readonly completion: string;
  readonly gold: string | null;
  readonly grades: Grades | null;
}

/**
 * Tokens and dollars of a model's answers, each paid one once, those of a killed run's first part included; besides, how many answers
 * came broken or too late, and may have been billed.
 */
export type Cost = Pick<Spent, "promptTokens" | "completionTokens" | "dollars" | "unusable">;

type TaskStats = Pick<ChainStats, "queries" | "accepted" | "kept" | "chains"> &
  Partial<Pick<ChainStats, "tagged" | "tag_unreadable"> & { readonly format_rejected: number }>;

/** Counts of every filter, in the order of the pipeline. */
export interface ChainStats {
  readonly queries: number;
  readonly rollouts: number;
  /** Queries whose request the teacher would not answer; that ended without all of their roll-outs, failures of the endpoint. */
  readonly refused: number;
  readonly failed: number;
  /** Roll-outs without a readable answer after a closed chain. */
  readonly unreadable: number;
  readonly accepted: number;
  /** Queries whose answer was shown to the teacher (those without a right roll-out, or all), and what was left out of what it then wrote; absent where that is not asked for. */
  readonly rationalized?: {
    readonly queries: number;
    readonly accepted: number;
    readonly flaws: Readonly<Record<string, number>>;
  };
  readonly judged: number;
  readonly judge_unreadable: number;
  /** Of the unreadable, those that the judge's endpoint never answered. */
  readonly judge_failed: number;
  readonly kept: number;
  /** Right chains that say nothing of the items and little but what the query says; rules never keep one. */
  readonly repeats_query: number;
  /** Training and held-out chains by the teacher who wrote them. */
  readonly written_by: Readonly<Record<string, number>>;
  /** Chains tagged freely; of these, unreadable; names found; names that differ. */
  readonly explored: number;
  readonly free_unreadable: number;
  readonly free_names: number;
  readonly free_distinct: number;
  readonly tags: number;
  /** Chains tagged with the primary tags, and why some of them were left out. */
  readonly tagged: number;
  readonly tag_unreadable: number;
  /** Chains that the tagger's endpoint never answered for, tagged freely or not; they are among the unreadable. */
  readonly tag_failed: number;
  readonly format_rejected: Readonly<Record<string, number>>;
  readonly chains: number;
  readonly train: number;
  readonly held_out: number;
  readonly queries_with_chains: number;
  /** By task; how many were tagged, and left out then, is absent in files of older versions. */
  readonly tasks: Readonly<Record<string, TaskStats>>;
  /** How the work was done, for the report: `openai: gpt-4o at …` or `rules`. */
  readonly by: { readonly teacher: string; readonly judge: string; readonly tagger: string };
  /** Null for rules, which cost nothing; of several teachers the sum. */
  readonly cost: { readonly teacher: Cost | null; readonly judge: Cost | null; readonly tagger: Cost | null };
}

/** How a judge's or a tagger's model answers; the rest of a request is the chain. */
export type Sampling = Pick<ChatRequest, "temperature" | "maxTokens">;

/** Grades chains; `result[i]` belongs to `candidates[i]`, null where the judge's answer could not be read. */
export interface Judge {
  /** `rules`, or the model's name. */
  readonly name: string;
  grade(candidates: readonly Candidate[], onDone?: (done: number) => void): Promise<(Grades | null)[]>;
  spent(): Spent | null;
}

/** A tagged stretch of pieces, `from` to `to`, counted from 0, both included. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  readonly tag: string;
}

/** Tags chains, freely or with the allowed tags only. Null where the tagger's answer could not be read. */
export interface Tagger {
  readonly name: string;
  tag(
    candidates: readonly Candidate[],
    allowed: readonly string[] | null,
    onDone?: (done: number) => void,
  ): Promise<(Segment[] | null)[]>;
  spent(): Spent | null;
}
