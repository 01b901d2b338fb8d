import { percent, whole } from "../../report/format.ts";
import { isAsked, OWN } from "../cells.ts";
import type { Kind } from "../kind.ts";
import { type Entry, entry, type TableRow } from "../shown.ts";

/** Ours: what a chain says of the user's items can be looked up; how much of it is so. */
export const grounding: Kind = {
  name: "grounding",
  title: "Is it true what they say of the history?",
  paper: "ours",
  about: "Share of the statements about the user's items that are true, and of the answers that rest on a true one.",
  needs: (_, methods) => [{ variant: OWN, profile: {}, methods }],
  show: async ({ suite, evaluations }) => {
    const [first] = evaluations();
    const results = (first?.result.tasks ?? (first === undefined ? [] : [first.result])).filter(({ task }) =>
      isAsked(suite, task),
    );
    const rows = results.flatMap((result) =>
      result.rows.flatMap(({ method }): TableRow[] => {
        const truth = result.details[method]?.truth;
        if (truth === null || truth === undefined) return [];
        return [
          {
            group: result.task,
            label: first?.label(method) ?? method,
            entries: [
              { text: whole(truth.statements), value: truth.statements },
              ...[truth.statements_true, truth.deciding_true, truth.no_statement].map(
                (share): Entry => (share === null ? entry("–") : { text: percent(share), value: share }),
              ),
            ],
          },
        ];
      }),
    );
    return {
      tables: [
        {
          ...{ id: "grounding", caption: "Statements about the user's items", head: "Method" },
          columns: ["statements", "of them true", "deciding one true", "answers on none"].map((head) => ({ head })),
          rows,
          notes: [
            "Deciding: the statement that the answer rests on. Answers on none: the chain says nothing of the items that leads to the answer.",
            "Methods that do not reason say nothing. Of several seeds the first one's.",
          ],
        },
      ],
      pictures: [],
      says: [],
    };
  },
};
