import { TagprError } from "../core/errors.ts";

/** Something wrong with one record of a file. */
export interface Problem {
  /** `row 4`, or file, record, byte and line. */
  readonly place: string;
  /** What is wrong, in words that are the same for every record of which it is true. */
  readonly kind: string;
  /** What stands there instead, where that helps: `"yesterday"`. */
  readonly detail?: string;
  readonly hint: string;
}

/** Called with each bad record; the reader then goes on. Without it the first bad record is thrown. */
export type OnProblem = (problem: Problem) => void;

/** One problem as one sentence. */
export function sentence({ place, kind, detail }: Problem): string {
  return `${place}: ${kind}${detail === undefined ? "" : ` (${detail})`}`;
}

export function errorOf(problem: Problem): TagprError {
  return new TagprError("data", sentence(problem), { hint: problem.hint });
}

/** Hands a problem on, or throws it. */
export function report(onProblem: OnProblem | undefined, problem: Problem): void {
  if (onProblem === undefined) throw errorOf(problem);
  onProblem(problem);
}

/** Places named of each kind of problem. */
const NAMED = 3;

/** Counts problems by kind, keeping the first places of each: a file of a million bad rows costs no more than one of four. */
export function tally(): { readonly add: OnProblem; readonly count: () => number; readonly lines: () => string[] } {
  const kinds = new Map<string, { count: number; places: string[] }>();
  let count = 0;
  return {
    add: ({ place, kind, detail }) => {
      count++;
      const own = kinds.get(kind) ?? { count: 0, places: [] };
      own.count++;
      if (own.places.length < NAMED) own.places.push(detail === undefined ? place : `${place} (${detail})`);
      kinds.set(kind, own);
    },
    count: () => count,
    lines: () =>
      [...kinds].map(([kind, { count: n, places }]) => {
        const more = n > places.length ? ", …" : "";
        return `${n} × ${kind}: ${places.join(", ")}${more}`;
      }),
  };
}
