import { readdirSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { TagprError } from "../core/errors.ts";
import type { ShownExample } from "../data/types.ts";
import type { Method, Preparing, Reply } from "../eval/types.ts";
import { answerRows } from "../metrics/answer-files.ts";
import { sameTaskName } from "../metrics/score-files.ts";

/** What becomes of queries that a file has no answer to: the evaluation is refused, or they count as wrong. */
export type Missing = "refuse" | "wrong";

/**
 * Predictions that were made anywhere, scored beside the rest: a file in one of `readAnswerFile`'s forms, LaMP's own and
 * TagPR's `eval/*.jsonl` among them, or a folder of such, one a task. Where every text of it holds `</think>` its answers
 * are read behind that.
 */
export function fromFile(name: string, path: string, missing: Missing): Method {
  const base: Omit<Method, "answer"> = {
    ...{ name, label: name.replace(/^file-/, ""), paper: "–", source: "a file" },
    about: "Predictions that were made elsewhere.",
    ...{ trains: [], profile: false, reasoning: false, external: true, draws: false, responses: 0 },
  };
  const prepare = async (preparing: Preparing): Promise<Method> => {
    const texts = matched(name, path, await rowsOf(name, path), preparing, missing);
    const reasoning = texts.size > 0 && [...texts.values()].every((text) => text.includes("</think>"));
    return {
      ...{ ...base, reasoning },
      answer: async (examples, { renderer }) =>
        examples.map((example): Reply => {
          const response = texts.get(keyOf(example.task, example.id)) ?? "";
          return {
            ...{ response, tokens: renderer.encode(response).length, truncated: false, shown: example.shown, cut: [] },
            // Nobody knows what it took; nothing was asked here.
            cost: { promptTokens: 0, sampledTokens: 0, responses: 0 },
          };
        }),
    };
  };
  return {
    ...base,
    prepare,
    answer: async (examples, tools) => (await prepare({ examples, say: tools.progress.say })).answer(examples, tools),
  };
}

const keyOf = (task: string, id: string): string => `${task}\n${id}`;

interface Row {
  readonly task: string | null;
  readonly id: string;
  readonly text: string;
  readonly wrong: (what: string) => TagprError;
}

async function rowsOf(name: string, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of filesAt(name, path)) {
    const own: Row[] = [];
    const read = answerRows(file, "predictions");
    for (;;) {
      const next = await read.next();
      if (next.done === true) {
        rows.push(...own.map((row) => ({ ...row, task: row.task ?? next.value })));
        break;
      }
      const { id, task, output, wrong } = next.value;
      const [text, ...more] = typeof output === "string" ? [output] : output;
      if (typeof text !== "string" || more.length > 0) throw wrong("several predictions: give one a query");
      own.push({ task, id, text, wrong });
    }
  }
  return rows;
}

const FORMS = new Set([".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet"]);

function filesAt(name: string, path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path).filter((file) => FORMS.has(extname(file).toLowerCase()));
  if (files.length > 0) return files.toSorted().map((file) => join(path, file));
  throw new TagprError("data", `${name}: ${path} holds no file of predictions`, {
    hint: "Give a JSON, JSONL, CSV or Parquet file, or a folder of them, one a task.",
  });
}

/** The text of each query; what is missing or unknown is told by its number. */
function matched(
  name: string,
  path: string,
  rows: readonly Row[],
  { examples, say }: Preparing,
  missing: Missing,
): ReadonlyMap<string, string> {
  const tasks = [...new Set(examples.map(({ task }) => task))];
  const asked = new Set(examples.map(({ task, id }) => keyOf(task, id)));
  const texts = new Map<string, string>();
  let unknown = 0;
  for (const row of rows) {
    const fitting = tasks.filter((task) =>
      row.task === null ? asked.has(keyOf(task, row.id)) : sameTaskName(task, row.task),
    );
    if (fitting.length > 1)
      throw row.wrong(`it names no task, and ${fitting.join(" and ")} have a query ${row.id} each; add a column task`);
    const key = keyOf(fitting[0] ?? "", row.id);
    if (!asked.has(key)) unknown++;
    else if (texts.has(key)) throw row.wrong(`the query ${row.id} stands twice`);
    else texts.set(key, row.text);
  }
  const lacking = examples.filter(({ task, id }) => !texts.has(keyOf(task, id)));
  if (texts.size === 0)
    throw new TagprError(
      "data",
      `${name}: none of the ${rows.length} predictions of ${path} is of a query that is asked here`,
      {
        hint: `Ids are those of the evaluation's questions; the first one is ${examples[0]?.id}, of task ${examples[0]?.task}.`,
      },
    );
  if (lacking.length > 0 && missing === "refuse") throw lacks(name, path, lacking, examples, unknown);
  if (lacking.length > 0)
    say(`${name}: no prediction for ${lacking.length} of ${examples.length} queries; they count as wrong`);
  if (unknown > 0)
    say(`${name}: ${unknown} of its ${rows.length} predictions are of queries that are not asked here; left out`);
  return texts;
}

function lacks(
  name: string,
  path: string,
  lacking: readonly ShownExample[],
  examples: readonly ShownExample[],
  unknown: number,
): TagprError {
  const [first] = lacking;
  const which = `${lacking.length} of ${examples.length} queries (the first: ${first?.task}, ${first?.id})`;
  const more = unknown === 0 ? "" : `, and ${unknown} for queries that are not asked here`;
  return new TagprError("data", `${name}: ${path} has no prediction for ${which}${more}`, {
    hint: "Predict them too (an empty text counts as wrong), or set eval.missing to wrong; ids are those of the evaluation's questions.",
  });
}
