import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { backbone } from "../core/config/reward-model.ts";
import type { Config } from "../core/config/schema.ts";
import { makeFolder } from "../core/disk.ts";
import { enginePython, modelsDir } from "../core/installation.ts";
import { guardDisk } from "../core/jsonl.ts";
import { choose, hardwareOf } from "../engine/choose.ts";
import { type Engines, openEngines as open } from "../engine/engines.ts";
import { resolveModelDir } from "../engine/model-dir.ts";
import { makeEmbedClient } from "../llm/embeddings.ts";
import type { Setting } from "../llm/errors.ts";
import { patientFetch } from "../llm/http.ts";
import type { Measure } from "../run/machine.ts";
import type { OpenEngines } from "./app.ts";
import type { Io } from "./io.ts";

/** The engines of a run; what the embedded one logs goes into `RUN/engine.log`. */
export function openEngines({ config, run, io, flights, setting, also = [], ...more }: OpenEngines): Engines {
  const say = more.say ?? ((line: string) => io.err(`${line}\n`));
  const log = join(run, "engine.log");
  guardDisk(run, () => makeFolder(run));
  return open(config.engines, {
    python: enginePython(io.env),
    models: [...new Set([...modelsOf(config), ...also])],
    rank: config.sft.rank,
    store: join(run, "weights"),
    modelsDir: modelsDir(io.env),
    env: io.env,
    embed: (at) =>
      makeEmbedClient({
        ...{ ...at, role: "embeddings", fetch: patientFetch(), say, setting: setting ?? embeddingSetting },
        ...(flights === undefined ? {} : { flights }),
      }),
    onLog: (line) => {
      try {
        appendFileSync(log, `${line}\n`);
      } catch {
        // A full disk: what needs it says so; a line of a log is no reason to end a run.
      }
    },
  });
}

/** How a config calls what a hint about the embeddings' endpoint names. */
function embeddingSetting(name: Setting): string | null {
  if (name === "url") return "engines.embeddings.url";
  return name === "model" ? "engines.embeddings_model" : null;
}

/** What decides `auto`: the engine's Python, on this machine. */
export function measure(io: Io): Measure {
  const python = { python: enginePython(io.env), env: io.env };
  return {
    choose: async ({ model, engine: { device, dtype, threads }, work }) =>
      choose({ ...python, folder: await modelDir(io, model), device, dtype, threads, work }),
    hardware: (device) => hardwareOf(python, device),
  };
}

/** Every base model of a run, the policy's first. */
function modelsOf(config: Config): string[] {
  return [
    ...new Set([
      config.model,
      backbone(config),
      config.engines.embeddings_model,
      config.hydra.encoder,
      config.prlm.encoder,
    ]),
  ].filter((name) => name !== "");
}

/** The folder of a model, for its tokenizer and chat template. */
export function modelDir(io: Io, name: string): Promise<string> {
  return resolveModelDir(name, { modelsDir: modelsDir(io.env), python: enginePython(io.env), env: io.env });
}
