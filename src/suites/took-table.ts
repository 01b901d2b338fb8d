import { num, whole } from "../report/format.ts";
import type { Contender } from "./contenders.ts";
import { type Entry, entry, type Table } from "./shown.ts";

const count = (value: number | null | undefined): Entry =>
  value === null || value === undefined ? entry("–") : { text: whole(value), value };

/** What a fair comparison has to say of each row: what its training had, and what an answer takes. */
export function tookTable(id: string, contenders: readonly Contender[]): Table {
  return {
    ...{ id, caption: "What each had and took", head: "Method" },
    columns: [
      ...["labels", "teacher tokens", "trained tokens", "sampled tokens", "looks at dev"].map((head) => ({
        head,
        group: "training",
      })),
      ...["responses", "tokens", "dollars"].map((head) => ({ head, group: "a test query" })),
      { head: "learns from test users", text: true },
    ],
    rows: contenders.map(({ label, group, evaluations, method }) => {
      const budget = evaluations[0]?.budget(method);
      const queries = evaluations[0]?.result.rows[0]?.n ?? 0;
      const dollars = budget?.dollars;
      return {
        ...(group === undefined ? {} : { group }),
        label,
        entries: [
          ...[budget?.labels, budget?.teacher_tokens, budget?.trained_tokens, budget?.sampled_tokens].map(count),
          count(budget?.tuning_trials),
          budget === undefined ? entry("–") : { text: num(budget.samples, 1), value: budget.samples },
          count(budget?.test_tokens),
          dollars === undefined ? entry("–") : { text: num(dollars / queries, 5), value: dollars / queries },
          entry(budget === undefined ? "?" : budget.adapts ? "yes" : "no"),
        ],
      };
    }),
    notes: [
      "Labels: queries whose true answer its training used. Looks at dev: something was chosen by them.",
      "Of several seeds the first one's.",
    ],
  };
}
