import { join } from "node:path";
import type { Config } from "../../core/config/schema.ts";
import { readJsonl, writeJson } from "../../core/jsonl.ts";
import type { ShownExample } from "../../data/types.ts";
import type { ModelFile } from "../../model/files.ts";
import type { Decodings } from "../../policy/rollout.ts";
import { identity } from "../key.ts";
import type { Outside, StageContext } from "../stage.ts";
import type { SplitName } from "./gathered.ts";

export const readSplit = (run: string, split: SplitName): ShownExample[] =>
  readJsonl<ShownExample>(join(run, "data", `${split}.jsonl`));

export function writeModel({ dir, key }: StageContext, model: Omit<ModelFile, "made_by">): void {
  writeJson(join(dir, "model.json"), { ...model, made_by: key } satisfies ModelFile);
}

/** Identity of the base model: by content, above 256 MB by size and time of change ({@link identity}). */
export const baseIdentity: Outside = async ({ model }, { modelDir }) => identity(await modelDir(model));

/** A config for hashing, which lacks what is as it always was (`hashable`). */
type Hashable = Pick<Config, "data" | "eval"> & { readonly choose?: Partial<Config["choose"]> };

/** What chooses weights in every training stage; nothing where it is as it always was. */
export const choosingOf = ({ choose, data, eval: evaluation }: Hashable): object => ({
  choose,
  samples: evaluation.samples,
  temperatures: evaluation.temperatures,
  // What is handed on hangs on how the dev slice is asked and read.
  ...(isGuarded({ choose: { guard: choose?.guard ?? "auto" }, data })
    ? { looks: { reading: evaluation.reading, max_tokens: evaluation.max_tokens } }
    : {}),
});

/** Whether a run's stages hand on nothing that is worse than what they began with. */
export const isGuarded = ({
  choose,
  data,
}: { readonly choose: Pick<Config["choose"], "guard"> } & Pick<Config, "data">): boolean =>
  choose.guard === "always" || (choose.guard === "auto" && data.source === "files");

/** How every look at the dev slice decodes. */
export const decodingsOf = ({ eval: { samples, temperatures } }: Pick<Config, "eval">): Decodings => ({
  samples,
  temperatures,
});
