import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import { configSchema } from "../../../core/config/schema.ts";
import { homeOf } from "../../../core/installation.ts";
import { type Problem, sentence } from "../../../data/problem.ts";
import { loadTask } from "../../../data/task-file.ts";
import { makeFlights } from "../../../llm/flights.ts";
import { cachedEmbed } from "../../../retrieval/embed-cache.ts";
import { writeRanking } from "../../../retrieval/ranking-file.ts";
import { RETRIEVERS } from "../../../retrieval/retrieve.ts";
import { embedderIdentity } from "../../../run/stages/embedding.ts";
import type { App, OpenEngines } from "../../app.ts";
import { ensureModels } from "../../download-models.ts";
import { modelDir } from "../../engines.ts";
import { chooseProgress } from "../../progress/choose.ts";
import { untilStopped } from "../../stop.ts";
import { at, NO_DOWNLOAD, requireFree, taskName, wholeNumber } from "../options.ts";
import { requireNoSecrets } from "./endpoint-flags.ts";

/** Where vectors are kept, and who makes those that are not kept yet. */
interface EmbedFlags {
  readonly model: string;
  readonly url?: string | undefined;
  readonly keyEnv: string;
  readonly cache?: string | undefined;
}

/** `tagpr data rank`: LaMP's own ranking file, `{query id: [profile ids, best first]}`. */
export function rankCommand(app: App): Command {
  const { io, outcome } = app;
  const command = new Command("rank")
    .description("rank every query's profile, and write LaMP's ranking file: {query id: [profile ids, best first]}")
    .requiredOption("--task <name>", "task, or the path of its YAML file: LaMP_4")
    .addOption(new Option("--retriever <name>", "how items are ranked").choices(RETRIEVERS).default("bm25" as const))
    .addOption(new Option("--k <n>", "items a query").argParser(wholeNumber).default(8))
    .requiredOption("--questions <file>", "{split}_questions.json")
    .requiredOption("--out <file>", "the ranking file to write")
    .addOption(new Option("--seed <n>", "seed of the random retrievers").argParser(wholeNumber).default(0))
    .option("--model <name>", "dense: embedding model, e.g. facebook/contriever", "all-minilm-l6-v2")
    .option("--url <base>", "dense: an OpenAI-compatible /v1/embeddings instead of the embedded engine")
    .option("--key-env <name>", "dense: environment variable with the key for --url", "OPENAI_API_KEY")
    .option("--cache <file>", "dense: where vectors are kept (default: .cache/embeddings in TagPR's folder)")
    .option("--force", "write over a file that is there")
    .option("--skip-bad", "leave bad records out (each is told); without it the first one ends the command")
    .addOption(NO_DOWNLOAD)
    .action(async ({ task: name, retriever, k, questions, out, seed, skipBad, force, download, ...flags }) => {
      requireNoSecrets(flags);
      requireFree(io, out, force);
      const task = loadTask(taskName(io, name));
      const progress = chooseProgress(io);
      const flights = makeFlights();
      const local = retriever === "dense" && flags.url === undefined ? [{ name: flags.model, weights: true }] : [];
      if (!(await ensureModels(app, local, { progress, download }))) return;
      const dense = retriever === "dense" ? openDense(app, flags, { flights, say: progress.say }) : null;
      const rank = async (): Promise<void> => {
        progress.start(`Ranking by ${retriever}`, 0);
        const n = await writeRanking({
          ...{ task, method: retriever, k, seed, questions: at(io, questions), out: at(io, out) },
          ...(dense === null ? {} : { embed: dense.embed }),
          onProgress: (done) => progress.update(done, `${done} queries`),
          ...(skipBad === true ? { onProblem: (problem: Problem) => io.err(`${sentence(problem)}\n`) } : {}),
        });
        progress.end(`${n} queries${dense === null ? "" : `, ${dense.fresh()} texts embedded anew`}`);
        io.out(`${out}\n`);
      };
      try {
        const stopped = await untilStopped(io, flights, rank());
        if (stopped !== null) {
          progress.end("stopped", true);
          outcome.code = stopped;
        }
      } finally {
        await dense?.close();
      }
    });
  return command as unknown as Command;
}

/** Vectors from the cache, else from an engine that is started (or an endpoint that is asked) when first needed. */
function openDense(
  app: App,
  { model, url, keyEnv, cache }: EmbedFlags,
  calls: Required<Pick<OpenEngines, "flights" | "say">>,
) {
  const { io } = app;
  const embeddings = url === undefined ? {} : { kind: "remote", url, key_env: keyEnv };
  const config = configSchema.parse({ model, prmu: { model }, engines: { embeddings, embeddings_model: model } });
  const run = mkdtempSync(join(tmpdir(), "tagpr-rank-"));
  const setting = (name: string): string | null => (name === "url" || name === "model" ? `--${name}` : null);
  const engines = app.openEngines({ config, run, io, setting, ...calls });
  const file = model.replaceAll(/[^\w.-]+/g, "--");
  const path = cache === undefined ? join(homeOf(io.env).cache, "embeddings", `${file}.jsonl`) : at(io, cache);
  let fresh = 0;
  const ask = async (texts: readonly string[]) => {
    fresh += texts.length;
    return (await engines.embeddings()).embed(model, texts);
  };
  return {
    embed: cachedEmbed(ask, path, () => embedderIdentity(config, { modelDir: (name) => modelDir(io, name) })),
    fresh: () => fresh,
    close: async () => {
      await engines.close();
      rmSync(run, { recursive: true, force: true });
    },
  };
}
