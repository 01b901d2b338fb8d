import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TagSet } from "../chains/types.ts";
import { readJson } from "../core/jsonl.ts";
import type { Evaluation } from "./evaluation.ts";

/** The primary tags that the run's chains gave, with what was clustered into each; null where no chains were built. */
export function tagSet({ run }: Pick<Evaluation, "run">): TagSet | null {
  const path = join(run, "chains", "tags.json");
  return existsSync(path) ? readJson<TagSet>(path) : null;
}

/** The tags of an evaluation's chains, those that its config names where no chains were built. */
export const primaryTags = (evaluation: Pick<Evaluation, "run" | "config">): readonly string[] =>
  tagSet(evaluation)?.tags ?? evaluation.config.prompt.tags;
