import { methodOf } from "../methods/index.ts";
import type { Evaluation } from "./evaluation.ts";
import type { Lead } from "./shown.ts";

/** A row of a table of scores: whose answers, in the evaluation of every seed. */
export interface Contender {
  /** Unique in its table. */
  readonly key: string;
  readonly label: string;
  readonly group?: string;
  /** The R column: whether it reasons before it answers. */
  readonly reasons: boolean;
  readonly evaluations: readonly Evaluation[];
  readonly method: string;
  /** The paper's name of it; `–` where it has none. */
  readonly paper: string;
  /** Its answers with another user's items. */
  readonly swapped?: true;
}

/** Table 1's three groups. */
export const GROUPS = {
  previous: "Previous methods",
  models: "Large language models",
  ours: "Our method",
  own: "Rows of one's own",
} as const;

const OURS = /^(guided|tagpr)(-|\/|$)/;

function groupOf(name: string): string {
  if (OURS.test(name)) return GROUPS.ours;
  if (name.startsWith("api-")) return GROUPS.models;
  return /^(own|file)-/.test(name) ? GROUPS.own : GROUPS.previous;
}

const PLACES: readonly string[] = [GROUPS.previous, GROUPS.models, GROUPS.own, GROUPS.ours];

/** A method of evaluations as a row, where all of them have it; its group and label may be another's. */
export function contender(
  evaluations: readonly Evaluation[],
  method: string,
  as: Partial<Pick<Contender, "key" | "label" | "group" | "paper">> = {},
): Contender[] {
  const [first] = evaluations;
  if (first === undefined || !evaluations.every(({ methods }) => methods.includes(method))) return [];
  const known = methodOf(method.replace(/-trained$/, ""), first.config);
  return [
    {
      ...{ key: method, label: first.label(method), group: groupOf(method), paper: known.paper, ...as },
      ...{ method, evaluations, reasons: known.reasoning },
    },
  ];
}

/** In the order of Table 1's groups. */
export const inGroups = (contenders: readonly Contender[]): Contender[] =>
  contenders.toSorted((a, b) => PLACES.indexOf(a.group ?? "") - PLACES.indexOf(b.group ?? ""));

/** Where a number of a row on one task comes from; of several seeds the first one's answers. */
export const leadOf = ({ evaluations, method, swapped }: Contender, task: string): Lead => ({
  ...{ cell: evaluations[0]?.id ?? "", method, task },
  ...(swapped === true ? { swapped } : {}),
});

/** Whose chains stand for the trained model: the furthest trained that is there. */
export const trained = (contenders: readonly Contender[]): Contender | undefined =>
  ["tagpr", "guided", "sft-r"].flatMap((method) => contenders.find(({ key }) => key === method) ?? []).at(0);

/** Of many rows those that sentences are made of; the table has them all. */
export const isTold = (key: string, base: string): boolean => [base, "sft-r", "tagpr"].includes(key);
