import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { readUsers } from "../../data/lamp/users.ts";
import { compareScores, type Difference, type Readings } from "../../eval/compare.ts";
import { clusterKey } from "../../eval/headline.ts";
import { CONVENTIONS, type Convention } from "../../metrics/rouge.ts";
import { type MetricName, type Score, score } from "../../metrics/score.ts";
import { type FilePairs, readPairs } from "../../metrics/score-files.ts";
import type { Interval } from "../../stats/resample.ts";
import type { App } from "../app.ts";
import { align } from "../table.ts";
import { at, taskName, wholeNumber } from "./options.ts";

/** More say nothing more: the Monte Carlo error of a 95% interval's ends is far below its width by then. */
const MOST_RESAMPLES = 100_000;

function resamplesNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > MOST_RESAMPLES) throw new InvalidArgumentError(`more than ${MOST_RESAMPLES}`);
  return value;
}

/** `tagpr score`: files of anyone's making, LaMP's metrics exactly and a lenient reading beside them. */
export function scoreCommand({ io }: App): Command {
  const command = new Command("score")
    .description("score a file of predictions against a file of golds: LaMP's metrics, exactly, and a lenient reading")
    .requiredOption("--golds <file>", "LaMP's outputs file, or a table with id and output")
    .requiredOption("--preds <file>", "predictions in the same form (JSON, JSONL, CSV or Parquet)")
    .option("--against <file>", "another method's predictions: the paired difference, --preds minus these")
    .option("--task <task>", "name of the task, or its YAML file (default: what the files say)")
    .option("--questions <file>", "the split's questions: intervals then draw a user's queries together")
    .addOption(
      new Option(
        "--rouge <convention>",
        "what ROUGE counts (default: english, or char where the task is Chinese)",
      ).choices(Object.keys(CONVENTIONS) as Convention[]),
    )
    .addOption(
      new Option("--resamples <n>", `bootstrap resamples, at most ${MOST_RESAMPLES}; 0: no intervals`)
        .argParser(resamplesNumber)
        .default(1000),
    )
    .addOption(new Option("--seed <n>", "seed of the bootstrap").argParser(wholeNumber).default(0))
    .option("--json", "print {n, official, lenient, …} as JSON")
    .action(async ({ golds, preds, against, task, questions, rouge, json, ...drawing }) => {
      const read = (path: string): Promise<FilePairs> =>
        readPairs({
          task: task === undefined ? null : taskName(io, task),
          golds: at(io, golds),
          preds: at(io, path),
          ...(rouge === undefined ? {} : { convention: rouge }),
        });
      const own = await read(preds);
      const other = against === undefined ? null : await read(against);
      const clusters = questions === undefined ? null : await usersOf(at(io, questions), own.ids);
      const told = tell(own, other, clusters, drawing);
      io.out(json === true ? `${JSON.stringify(told)}\n` : scoreTable(told, against));
    });
  return command as unknown as Command;
}

/** What `--json` prints; nothing that was not asked for. */
interface Told extends Score {
  readonly task: string;
  readonly intervals?: Readings<Interval>;
  readonly against?: Pick<Score, "official" | "lenient"> & {
    readonly intervals?: Readings<Interval>;
    readonly differences?: Readings<Difference>;
  };
}

function tell(
  own: FilePairs,
  other: FilePairs | null,
  clusters: readonly string[] | null,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): Told {
  const { task, pairs, convention } = own;
  const base = { ...score(task, pairs, convention), task: task.name };
  const rival = other === null ? null : score(task, other.pairs, convention);
  const shown = rival === null ? null : { official: rival.official, lenient: rival.lenient };
  if (resamples === 0) return { ...base, ...(shown === null ? {} : { against: shown }) };
  const { intervals, differences } = compareScores({
    ...{ task, convention, resamples, seed, methods: other === null ? [pairs] : [other.pairs, pairs] },
    ...(clusters === null ? {} : { clusters }),
  });
  if (shown === null) return { ...base, ...optional("intervals", intervals[0]) };
  const against = {
    ...shown,
    ...optional("intervals", intervals[0]),
    ...optional("differences", differences ?? undefined),
  };
  return { ...base, ...optional("intervals", intervals[1]), against };
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: V };

/** One key a query: its user, or itself where the file names none. */
async function usersOf(questions: string, ids: readonly string[]): Promise<string[]> {
  const users = await readUsers(questions);
  const missing = ids.filter((id) => !users.has(id));
  if (missing.length > 0)
    throw new TagprError(
      "data",
      `--questions ${questions} has no query ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ""} of the golds`,
      {
        hint: "Give the questions of the same split as --golds.",
      },
    );
  return ids.map((id) => clusterKey({ user: users.get(id) ?? null, query: id }));
}

const READINGS = ["official", "lenient"] as const;

function scoreTable(told: Told, against: string | undefined): string {
  const { task, n, convention, references } = told;
  const counted = convention === null ? "" : `; ROUGE ${CONVENTIONS[convention]}`;
  const best =
    references === undefined
      ? ""
      : `; the best of up to ${references.most} references counts (${references.queries} queries have several${convention === null ? "" : ", each metric by itself as rouge_score's score_multi has it"})`;
  const lines = [`${task}: ${n} predictions${counted}${best}`, ...align(metricRows(told, told.intervals))];
  if (told.against !== undefined && against !== undefined) {
    lines.push(`against ${against}:`, ...align(metricRows(told.against, told.against.intervals)));
    const { differences } = told.against;
    if (differences !== undefined)
      lines.push("paired difference, the first minus the second:", ...align(differenceRows(differences)));
  }
  if (told.intervals !== undefined) lines.push("[ ]: 95% bootstrap interval");
  return `${lines.join("\n")}\n`;
}

function metricRows(score: Pick<Score, "official" | "lenient">, intervals: Readings<Interval> | undefined): string[][] {
  const names = Object.keys(score.official) as MetricName[];
  const cells = (name: MetricName): string[] =>
    READINGS.flatMap((reading) => {
      const interval = intervals?.[reading][name];
      const value = (score[reading][name] ?? 0).toFixed(4);
      return interval === undefined ? [value] : [value, span(interval)];
    });
  const head = READINGS.flatMap((reading) => (intervals === undefined ? [reading] : [reading, ""]));
  return [["metric", ...head], ...names.map((name) => [name, ...cells(name)])];
}

function differenceRows(differences: Readings<Difference>): string[][] {
  const names = Object.keys(differences.official) as MetricName[];
  const cells = (name: MetricName): string[] =>
    READINGS.flatMap((reading) => {
      const one = differences[reading][name];
      return one === undefined ? ["", "", ""] : [signed(one.difference), span(one), `p ${one.p.toFixed(3)}`];
    });
  return [["metric", "official", "", "", "lenient", "", ""], ...names.map((name) => [name, ...cells(name)])];
}

const span = ({ low, high }: Interval): string =>
  low === null || high === null ? "no interval" : `[${low.toFixed(4)}, ${high.toFixed(4)}]`;
const signed = (value: number): string => `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
