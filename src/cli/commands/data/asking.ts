import { join } from "node:path";
import { Option } from "@commander-js/extra-typings";
import { packageRoot } from "../../../core/installation.ts";
import { loadTask } from "../../../data/task-file.ts";
import type { AskOptions, PromptForm } from "../../../prompts/ask.ts";
import { loadRenderer } from "../../../prompts/renderer.ts";
import { openRecords, type Records } from "../../../run/records-of.ts";
import type { App } from "../../app.ts";
import { ensureModels } from "../../download-models.ts";
import { modelDir } from "../../engines.ts";
import type { Io } from "../../io.ts";
import { at, taskName, wholeNumber } from "../options.ts";

/** Flags of `show` and `export`. */
export interface AskFlags {
  readonly task?: string | undefined;
  readonly retriever: "recency" | "random" | "random_official" | "bm25";
  readonly k: number;
  readonly model?: string | undefined;
  readonly maxTokens?: number | undefined;
  readonly download: boolean;
}

export const RETRIEVER = new Option("--retriever <name>", "a folder: how the shown items are chosen (a run has chosen)")
  .choices(["recency", "random", "random_official", "bm25"] as const)
  .default("recency" as const);
export const K = new Option("--k <n>", "a folder: items shown").argParser(wholeNumber).default(8);
export const MODEL = new Option(
  "--model <name>",
  "whose tokens and chat template (default: the run's, else the nano model)",
);
export const MAX_TOKENS = new Option(
  "--max-tokens <n>",
  "tokens of a prompt (default: the run's, else 2048; official: 512)",
).argParser(wholeNumber);

/** LaMP's own prompt maker's length. */
const OFFICIAL_LENGTH = 512;
const CHAT_LENGTH = 2048;

export const openAsked = (io: Io, dir: string, { task, retriever, k }: AskFlags): Promise<Records> =>
  openRecords(
    at(io, dir),
    { method: retriever, k, seed: 0 },
    task === undefined ? undefined : loadTask(taskName(io, task)),
  );

/**
 * How to ask these records: as the run does, unless a flag says otherwise. Null where a signal ended the download of
 * their model's tokenizer.
 */
export async function askOptions(
  app: App,
  { asking }: Records,
  form: PromptForm,
  flags: AskFlags,
): Promise<AskOptions | null> {
  const { io } = app;
  const model = flags.model ?? asking?.model ?? join(packageRoot(), "models", "nano");
  if (!(await ensureModels(app, [{ name: model, weights: false }], flags))) return null;
  const usual = form === "official" ? OFFICIAL_LENGTH : (asking?.maxTokens ?? CHAT_LENGTH);
  const renderer = loadRenderer(await modelDir(io, model));
  const { reasoning, tags } = asking ?? { reasoning: true, tags: [] };
  return { form, renderer, maxTokens: flags.maxTokens ?? usual, reasoning, tags };
}
