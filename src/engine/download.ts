import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import { TagprError } from "../core/errors.ts";
import { redact, withoutSecrets } from "../core/secrets.ts";
import { type Environment, pythonPath } from "./process.ts";
import { SETUP_HINT } from "./requirements.ts";

const FAULT_NAMES = [
  "offline",
  "unreachable",
  "unknown",
  "gated",
  "refused",
  "foreign",
  "pickled",
  "space",
  "disk",
] as const;
type FaultName = (typeof FAULT_NAMES)[number];

/** What `python -m tagpr_engine download` says, a line each (`download.py`). */
const told = z.union([
  z.object({ total: z.number(), files: z.number() }),
  z.object({ done: z.number() }),
  z.object({ folder: z.string(), revision: z.string() }),
  z.object({ fault: z.enum(FAULT_NAMES), detail: z.string() }),
]);

export interface DownloadOptions {
  /** The Python that has the engine's requirements, the hub's client among them. */
  readonly python: string;
  /** HF_HOME, HF_ENDPOINT, HF_TOKEN and the hub's other variables hold. */
  readonly env: Environment;
  /** Ends it; what has come so far stays in the cache, and the next attempt goes on from there. */
  readonly signal?: AbortSignal;
  /** Before the first byte: how many bytes and files are to come. */
  readonly onSize?: (size: { readonly total: number; readonly files: number }) => void;
  readonly onBytes?: (done: number) => void;
}

/** A model of the hub that is wanted, and whether its weights are, or configuration and tokenizer alone. */
export interface Wish {
  readonly name: string;
  readonly weights: boolean;
}

/**
 * Fetches a model into the hub's own cache, by the hub's own client.
 * @returns its revision
 * @throws TagprError that says why there is none and what to do
 */
export async function downloadModel(wish: Wish, options: DownloadOptions): Promise<string> {
  const args = ["-m", "tagpr_engine", "download", wish.name, ...(wish.weights ? [] : ["--no-weights"])];
  const child = spawn(options.python, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...options.env, PYTHONPATH: pythonPath(options.env) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const clean = (text: string): string =>
    redact(text, options.env.HF_TOKEN ?? "").replace(/https?:\/\/[^\s'")]+/g, withoutSecrets);
  let revision: string | undefined;
  let fault: TagprError | undefined;
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-2000);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = told.parse(JSON.parse(line));
    if ("total" in said) options.onSize?.(said);
    else if ("done" in said) options.onBytes?.(said.done);
    else if ("revision" in said) revision = said.revision;
    else fault = noDownload(wish.name, { ...said, detail: clean(said.detail) });
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  if (fault !== undefined) throw fault;
  if (code === 0 && revision !== undefined) return revision;
  const last = log.trim().split("\n").at(-1);
  throw new TagprError("environment", `${wish.name} can't be downloaded: ${clean(last || `exit code ${code}`)}`, {
    hint: SETUP_HINT,
  });
}

const PATH = "or give the path of a folder that holds the model";
const LATER = "The same command goes on from what has come.";

/** Why there is no model, in one sentence, and what to do. */
function noDownload(name: string, { fault, detail }: { fault: FaultName; detail: string }): TagprError {
  const because = (message: string, hint: string): TagprError => new TagprError("environment", message, { hint });
  const away = `${name} is not on this machine`;
  switch (fault) {
    case "offline":
      return because(`${away}, and HF_HUB_OFFLINE is set`, `Unset it to let the model be downloaded, ${PATH}.`);
    case "unreachable":
      return because(
        `${away}, and the Hugging Face hub can't be reached (${detail})`,
        `Give the same command again with a network, set HF_ENDPOINT to a mirror, ${PATH}.`,
      );
    case "unknown":
      return because(
        `the Hugging Face hub has no model ${name}, or shows it to others only`,
        `Check the name; for a private model set HF_TOKEN, ${PATH}.`,
      );
    case "gated":
      return because(
        `${name} is given to those who accepted its terms`,
        `Accept them at https://huggingface.co/${name} and set HF_TOKEN to a token of your account, ${PATH}.`,
      );
    case "refused":
      return because(`the Hugging Face hub refused ${name} (${detail})`, `Try again later, ${PATH}. ${LATER}`);
    case "foreign":
      return because(`${name} has no config.json, so transformers can't read it`, "Name another model.");
    case "pickled":
      return because(
        `${name} has no weights as safetensors, and TagPR reads no pickled ones`,
        "Name another model, or convert this one: transformers' save_pretrained writes safetensors.",
      );
    case "space":
      return because(`${name} needs ${detail}`, "Make room, or set HF_HOME to a folder on a larger disk.");
    case "disk":
      return because(`${name} can't be kept (${detail})`, "Set HF_HOME to a folder that can be written.");
  }
}
