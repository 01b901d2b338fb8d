import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { ablated } from "../core/ablations.ts";
import { configSchema, type RewardsConfig } from "../core/config/schema.ts";
import { readFault } from "../core/disk.ts";
import { messageOf, TagprError } from "../core/errors.ts";
import { readJson, readJsonl } from "../core/jsonl.ts";
import { type StageName, stageOf } from "../core/stages.ts";
import { DEFAULT_TAGS } from "../core/tags.ts";
import type { Task } from "../data/task.ts";
import { loadTask, taskSaidBy } from "../data/task-file.ts";
import type { ShownExample } from "../data/types.ts";
import { configOfRun } from "../model/record.ts";
import type { ScorerFile } from "../prmu/score.ts";
import { readLeniently } from "../prompts/lenient.ts";
import { readResponse } from "../prompts/response.ts";
import type { RewardInput } from "../rewards/compute.ts";
import { type ExplainedSignal, explainRewards } from "../rewards/explain.ts";
import { duplicateSteps } from "../rewards/hacking.ts";
import { decidingStatement, statementsOf } from "../rewards/truth.ts";
import { type RlStage, weightsOf } from "../rewards/weights.ts";

export interface ExplainOptions {
  /** 1-based line of a JSON Lines file; default: its first response. */
  readonly line?: number;
  /** Whose weights, tags and tasks; default: the run that the file stands in, if it stands in one. */
  readonly run?: string;
  readonly stage?: RlStage;
  /** Name, or path of the YAML file, of the task; default: the one that the file names, of the run or of those that come with TagPR. */
  readonly task?: string;
}

export interface Explained {
  readonly title: string;
  readonly signals: readonly ExplainedSignal[];
  readonly total: number;
  /** What the detectors of hacking see in it; no part of the reward. */
  readonly form: readonly string[];
}

const row = z.looseObject({
  task: z.string("task: the name of a task (a task of your own: --task FILE.yaml)"),
  gold: z.union([z.string(), z.number()], "gold: the true answer").transform(String),
  text: z.string("text: the whole response").optional(),
  response: z.string().optional(),
  truncated: z.boolean("truncated: true or false").default(false),
  logit: z.number("logit: PRMU's number").nullable().default(null),
  query: z.string().optional(),
  rewards: z.looseObject({ total: z.number() }).optional(),
});

/** Each signal of one response in a file, its value, weight and reason. @throws TagprError with the place of bad input. */
export function explainFile(path: string, options: ExplainOptions): Explained {
  const { where, value } = pick(path, options.line);
  const parsed = row.safeParse(value);
  const text = parsed.data?.text ?? parsed.data?.response;
  if (!parsed.success || text === undefined)
    throw new TagprError("data", `${where}: ${parsed.error?.issues[0]?.message ?? "there is no text"}`, {
      hint: 'It needs {"task": "LaMP_2", "gold": "comedy", "text": "<think>…</think> comedy"}; a run\'s samples.jsonl has it.',
    });
  const { task: name, gold, truncated, logit, query } = parsed.data;
  const run = options.run ?? runOf(path);
  const inRun = run === null ? null : contextOf(run);
  const own = options.task === undefined ? undefined : loadTask(options.task);
  const task = own ?? inRun?.tasks.find((t) => t.name === name) ?? taskSaidBy(where, name, "--task FILE.yaml");
  const done = stageOf(basename(dirname(path)) as StageName);
  const stage = options.stage ?? (done.stage === "explore" ? "explore" : "guided");
  const tags = inRun?.tags ?? DEFAULT_TAGS;
  const whole = ablated(inRun?.config ?? configSchema.parse({}), done.ablation);
  const config = whole.rewards;
  const weights = weightsOf({ rewards: config, stage, own: whole[stage].rewards }, name);
  const centre = inRun?.centre ?? null;
  const example = inRun?.example(name, query) ?? null;
  const input: RewardInput = {
    task,
    gold,
    text,
    truncated,
    tags,
    config,
    weights,
    own: logged(config, parsed.data.rewards),
    logit,
    centre,
    example,
  };
  const { signals, total } = explainRewards(input);
  const source = run === null ? "default weights and tags" : `weights and tags of ${basename(run)}`;
  const title = `${name}${query === undefined ? "" : ` ${query}`}: gold ${JSON.stringify(gold)}, ${stage} stage, ${source}`;
  const was = parsed.data.rewards?.total;
  const moved =
    was !== undefined && Math.abs(was - total) > 1e-9 ? [`the run logged a total of ${was.toFixed(3)}`] : [];
  return { title, signals, total, form: [...moved, ...formOf(input, example)] };
}

/** What the run logged of signals of one's own: nobody is asked again. */
function logged({ own }: RewardsConfig, rewards: Readonly<Record<string, unknown>> = {}): Record<string, number> {
  const scores = Object.keys(own).map((name) => [name, rewards[name]] as const);
  return Object.fromEntries(scores.filter((row): row is [string, number] => typeof row[1] === "number"));
}

/** In a run's samples.jsonl other lines stand between the responses (`{"kind": "batch", …}`). */
const isResponse = (row: unknown): boolean =>
  typeof row === "object" && row !== null && ("text" in row || "response" in row);

function pick(path: string, asked: number | undefined): { readonly where: string; readonly value: unknown } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new TagprError("data", readFault(path, error), {
      hint: "Give a JSON file, or a run's samples.jsonl.",
    });
  }
  if (!path.endsWith(".jsonl")) {
    if (asked !== undefined && asked !== 1)
      throw new TagprError("usage", `${path} is one JSON object: it has no line ${asked}`, {
        hint: "Leave --line out; a file with one object a line ends in .jsonl.",
      });
    try {
      return { where: path, value: JSON.parse(text) as unknown };
    } catch (error) {
      throw new TagprError("data", `${path}: not JSON (${messageOf(error)})`, {
        hint: "One object {task, gold, text}; a file with one a line ends in .jsonl.",
      });
    }
  }
  const rows = readJsonl<unknown>(path);
  const line = asked ?? Math.max(0, rows.findIndex(isResponse)) + 1;
  const value = rows[line - 1];
  if (asked !== undefined && value !== undefined && !isResponse(value) && rows.some(isResponse))
    throw new TagprError("usage", `${path}:${line} is no response: it has no text`, {
      hint: "Leave --line out for the file's first response, or give the line of another.",
    });
  if (value === undefined)
    throw new TagprError("usage", `${path} has ${rows.length} lines, none numbered ${line}`, {
      hint: rows.length === 0 ? "The stage has sampled nothing yet." : `Give --line 1 to --line ${rows.length}.`,
    });
  return { where: `${path}:${line}`, value };
}

/** The nearest folder above with a run.json. */
function runOf(path: string): string | null {
  for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir))
    if (existsSync(join(dir, "run.json"))) return dir;
  return null;
}

function contextOf(run: string) {
  const at = (...parts: string[]): string => join(run, ...parts);
  const there = <T>(path: string): T | null => (existsSync(path) ? readJson<T>(path) : null);
  const split = (name: string): ShownExample[] =>
    existsSync(at("data", `${name}.jsonl`)) ? readJsonl(at("data", `${name}.jsonl`)) : [];
  return {
    config: configOfRun(run),
    tasks: there<Task[]>(at("data", "tasks.json")) ?? [],
    tags: there<{ tags: string[] }>(at("chains", "tags.json"))?.tags ?? DEFAULT_TAGS,
    centre: there<Partial<ScorerFile>>(at("prmu", "scorer.json"))?.centre ?? null,
    // RL's samples first; the evaluation's answers are to queries of the test split.
    example: (task: string, query: string | undefined): ShownExample | null => {
      for (const name of ["rl", "test", "dev"]) {
        const found = split(name).find((e) => e.task === task && e.id === query);
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}

function formOf({ task, text, tags, truncated }: RewardInput, example: ShownExample | null): string[] {
  const reading = readResponse(text, { task, tags, truncated });
  const twice = duplicateSteps(reading.steps);
  const lenient = readLeniently(text, task);
  const notes = [
    lenient === "" ? "read leniently: no answer" : `read leniently: ${JSON.stringify(lenient)}`,
    `${reading.steps.length} steps, ${twice} of them say again what was said`,
  ];
  if (example === null)
    return [...notes, "the items that were shown are not known here: what is said of them can't be checked"];
  const stated = statementsOf(reading.steps, task, example);
  const deciding = decidingStatement(stated, reading.answer);
  if (deciding === null) return [...notes, "no statement about the shown items: the answer rests on none"];
  const wrong = stated.flatMap(({ text: said, fault }) => (fault === null ? [] : [`"${said}": ${fault}`]));
  return [
    ...notes,
    `${stated.length} statements about the shown items, ${wrong.length} of them false`,
    ...wrong,
    `the answer rests on "${deciding.text}": ${deciding.fault === null ? "true" : `false, ${deciding.fault}`}`,
  ];
}
