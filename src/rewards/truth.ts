import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { Step } from "../prompts/chain.ts";
import { type Statement, statements } from "./grounding.ts";

/** Whether what a response says of the history is so. */
export interface Truth {
  /** Statements that can be checked ({@link statements}), and how many of them are false. */
  readonly stated: number;
  readonly wrong: number;
  /** Whether the statement that the answer rests on is true; null where there is none. */
  readonly deciding: boolean | null;
}

/** All statements of a chain's steps, in order. */
export const statementsOf = (
  steps: readonly Step[],
  task: Task,
  example: Pick<ShownExample, "shown" | "input">,
): Statement[] => steps.flatMap((step) => statements(step.text, task, example));

/**
 * The statement about the history that an answer rests on: the last one that gives the answer, and where none does the
 * last one. Eight true lines can hide the one that decides.
 */
export function decidingStatement(all: readonly Statement[], answer: string | null): Statement | null {
  const sought = answer?.toLowerCase();
  return all.findLast(({ names }) => sought !== undefined && names.includes(sought)) ?? all.at(-1) ?? null;
}

export function truthOf(all: readonly Statement[], answer: string | null): Truth {
  const deciding = decidingStatement(all, answer);
  return {
    stated: all.length,
    wrong: all.filter(({ fault }) => fault !== null).length,
    deciding: deciding === null ? null : deciding.fault === null,
  };
}

/** Truth of a response as it was read. */
export const truthIn = (
  { steps, answer }: { readonly steps: readonly Step[]; readonly answer: string | null },
  task: Task,
  example: Pick<ShownExample, "shown" | "input">,
): Truth => truthOf(statementsOf(steps, task, example), answer);

/** Truth over many responses. */
export interface TruthShares {
  readonly responses: number;
  readonly stated: number;
  readonly wrong: number;
  /** Responses whose answer rests on some statement, and those of them where it is true. */
  readonly decided: number;
  readonly decidedTrue: number;
}

export function truthShares(all: readonly Truth[]): TruthShares {
  const sum = (of: (truth: Truth) => number): number => all.reduce((total, truth) => total + of(truth), 0);
  return {
    responses: all.length,
    stated: sum(({ stated }) => stated),
    wrong: sum(({ wrong }) => wrong),
    decided: sum(({ deciding }) => (deciding === null ? 0 : 1)),
    decidedTrue: sum(({ deciding }) => (deciding === true ? 1 : 0)),
  };
}

/** Null where nothing is there to take a share of. */
const share = (part: number, of: number): number | null => (of === 0 ? null : part / of);

/** Of all statements those that are true; null where nothing is stated. */
export const statementsTrue = ({ stated, wrong }: TruthShares): number | null => share(stated - wrong, stated);
/** Of the responses that rest on a statement those where it is true. */
export const decidingTrue = ({ decided, decidedTrue }: TruthShares): number | null => share(decidedTrue, decided);
/** Responses whose answer rests on no statement about the history. */
export const noStatement = ({ responses, decided }: TruthShares): number | null =>
  share(responses - decided, responses);
