import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJson, readJsonl } from "../../src/core/jsonl.ts";
import type { Prediction } from "../../src/eval/types.ts";
import { type Guard, type ModelStage, modelPath, readModel } from "../../src/model/files.ts";

/** Rows of the table, and what each is compared with. */
export const METHODS = ["zero-shot", "rag", "rag-r", "sft", "sft-r", "guided", "tagpr"] as const;
/** Whose guard is told of. */
export const STAGES = ["sft", "guided", "explore", "gold"] as const;

/** An answer without a word of anybody: who and what was asked stand as hashes. */
interface Answer {
  readonly query: string;
  readonly user: string;
  /** By the lenient reading, and by the strict one. */
  readonly lenient: number;
  readonly strict: number;
  /** Deciding statements about the history, true or not. */
  readonly deciding: readonly boolean[];
}

/** What is kept of a run, so that the table can be told where the run is gone. */
export interface Kept {
  readonly set: string;
  readonly split: string;
  readonly seed: string;
  /** The sentence of a run that ended before it trained; else null. */
  readonly ended: string | null;
  readonly answers: Readonly<Record<string, readonly Answer[]>>;
  /** By stage, whether what the stage began with was handed on; only stages that ran. */
  readonly guards: Readonly<Partial<Record<ModelStage, boolean>>>;
  /** By stage, how what it began with and what it trained did on dev, where it compared them; not in files of before. */
  readonly dev?: Readonly<Partial<Record<ModelStage, Guard["dev"]>>>;
  /** Of the command from its start, where it was not cut. */
  readonly seconds: number | null;
  readonly revision: string;
}

type Told = Pick<Kept, "set" | "split" | "seed" | "ended" | "seconds" | "revision">;

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

export const keptPath = (folder: string, { set, split, seed }: Pick<Kept, "set" | "split" | "seed">): string =>
  join(folder, `${set}-${split}-${seed}.json`);

export const readKept = (path: string): Kept | null => (existsSync(path) ? readJson<Kept>(path) : null);

/** Reads what a finished run answered, and writes it to `path`. */
export function keep(path: string, run: string, told: Told): void {
  const answersOf = (method: string): Answer[] =>
    readJsonl<Prediction>(join(run, "eval", `${method}.jsonl`)).map((p) => ({
      ...{ query: hash(p.query), user: hash(p.user ?? p.query), lenient: p.lenientScore, strict: p.strictScore },
      deciding: [p.truth?.deciding ?? []].flat(),
    }));
  const answers = Object.fromEntries(METHODS.map((method) => [method, answersOf(method)]));
  const models = STAGES.filter((stage) => existsSync(modelPath(run, stage))).map(
    (stage) => [stage, readModel(run, stage)] as const,
  );
  const guards = Object.fromEntries(models.map(([stage, { step }]) => [stage, step === 0]));
  const dev = Object.fromEntries(models.flatMap(([stage, { guard }]) => (guard ? [[stage, guard.dev]] : [])));
  write(path, { ...told, answers, guards, dev });
}

/** Of a run that ended before it trained. */
export const keepEnded = (path: string, told: Told): void => write(path, { ...told, answers: {}, guards: {} });

function write(path: string, kept: Kept): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(kept)}\n`);
}
