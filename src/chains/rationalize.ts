import { zipStrict } from "../core/zip.ts";
import { taskOf } from "../data/find-task.ts";
import type { ShownExample } from "../data/types.ts";
import { queryText } from "../retrieval/text.ts";
import { withoutGold } from "./asked.ts";
import { goldOf, judged, type Lost, lostOf, type Rolling } from "./rollouts.ts";
import { type CheckSaid, partsOf, saysWhole } from "./said.ts";
import { keyOf } from "./select.ts";
import type { Teacher } from "./teacher.ts";
import type { Candidate, Rollout } from "./types.ts";

/** Why a chain that was written with the answer in sight teaches nothing. */
export type Flaw = "names the answer early" | "cites what is not there";

export interface Rationalized extends Lost {
  readonly rollouts: readonly Rollout[];
  readonly accepted: readonly Candidate[];
  /** Queries of which no roll-out was right (all, where it is always asked), and what was left out of what it wrote to them. */
  readonly queries: number;
  readonly flaws: Readonly<Partial<Record<Flaw, number>>>;
}

export interface RationalizeOptions extends Rolling {
  readonly teacher: Teacher;
  readonly check: CheckSaid;
  /** What was accepted already; queries of these are not asked about, unless always. */
  readonly accepted: readonly Candidate[];
  readonly always: boolean;
  /** Chains a query. */
  readonly n: number;
  /** Number of the first roll-out of a query. */
  readonly from: number;
}

/**
 * Rationalization (STaR, arXiv 2203.14465, section 3.3): where no roll-out of a query is right (`always`: of every query),
 * the teacher is shown the answer and asked for the reasons. Ours: a chain that betrays that it knew (the answer stands
 * before its deciding step, other than as what a shown item has), or that cites what is not there, is left out.
 */
export async function rationalize(
  examples: readonly ShownExample[],
  { teacher, check, accepted, always, n, from, tasks, config, onDone }: RationalizeOptions,
): Promise<Rationalized> {
  const left = always ? examples : unanswered(examples, accepted);
  const posed = left.map((example) => {
    return { task: taskOf(tasks, example), example: withoutGold(example), gold: goldOf(example) };
  });
  const results = posed.length === 0 ? [] : await teacher.write(posed, n, onDone);
  const flaws: Partial<Record<Flaw, number>> = {};
  const read = zipStrict(left, results).flatMap(([example, { texts, truncated }]) =>
    texts.map((text, k) => {
      const written = { text, by: givenName(teacher), i: from + k, truncated: truncated[k] ?? false };
      const { rollout, candidate } = judged(example, written, { tasks, config });
      const flaw = candidate && flawOf(candidate, check);
      if (flaw !== null) flaws[flaw] = (flaws[flaw] ?? 0) + 1;
      const kept = flaw === null ? candidate : null;
      return { rollout: { ...rollout, accepted: kept !== null, given: true as const }, kept };
    }),
  );
  return {
    rollouts: read.map(({ rollout }) => rollout),
    accepted: read.flatMap(({ kept }) => kept ?? []),
    queries: left.length,
    ...lostOf(
      results,
      read.map(({ rollout }) => rollout),
    ),
    flaws,
  };
}

/** Queries of whose roll-outs none is right. */
function unanswered(examples: readonly ShownExample[], accepted: readonly Candidate[]): ShownExample[] {
  const right = new Set(accepted.map(({ task, example }) => keyOf(task.name, example.id)));
  return examples.filter(({ task, id }) => !right.has(keyOf(task, id)));
}

/** The name under which its chains are counted and mixed. */
export const givenName = ({ name }: Pick<Teacher, "name">): string => `${name}, given the answer`;

/** What speaks against a chain whose writer knew the answer; null where nothing does. */
export function flawOf(candidate: Candidate, check: CheckSaid): Flaw | null {
  const { task, example, answer } = candidate;
  const parts = partsOf(candidate);
  if (parts.some((part) => check(part, task, example).some(({ fault }) => fault !== null)))
    return "cites what is not there";
  const sought = answer.toLowerCase();
  // What the query says itself betrays nothing; a number in it is no grade.
  const inQuery = task.kind !== "ordinal" && saysWhole(queryText(task, example), answer);
  const early =
    !inQuery &&
    parts.slice(0, -1).some((part) => {
      const ofItem = check(part, task, example).some(({ names, fault }) => fault === null && names.includes(sought));
      // Of a free text half of the words may well stand in any step; early is the whole of it.
      return !ofItem && saysWhole(part, answer);
    });
  return early ? "names the answer early" : null;
}
