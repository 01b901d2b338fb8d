import { TagprError } from "../core/errors.ts";
import { stream } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Embed } from "../llm/embeddings.ts";
import { deriveTags } from "./cluster.ts";
import { nameSteps } from "./name-steps.ts";
import type { Candidate, FreeTags, Tagger, TagSet } from "./types.ts";

export interface Explored {
  readonly freeTags: FreeTags[];
  readonly tags: TagSet;
  readonly explored: number;
  readonly unreadable: number;
}

/** Exploratory tagging of up to `sample` chains, and the primary tags that its names cluster into. */
export async function exploreTags(
  kept: readonly Candidate[],
  tagger: Tagger,
  embed: Embed,
  sizes: { readonly sample: number; readonly tags: number },
  seed: number,
  onDone: (done: number) => void,
): Promise<Explored> {
  const chosen = stream(seed, "chains", "explore").shuffle(kept).slice(0, sizes.sample);
  const named = await nameSteps(chosen, tagger, null, onDone);
  const freeTags = zipStrict(chosen, named).flatMap(([{ task, example, i }, steps]) =>
    steps ? [{ task: task.name, query: example.id, i, tags: steps.map(({ tag }) => tag) }] : [],
  );
  if (freeTags.length === 0)
    throw new TagprError("llm", `none of the tagger's ${chosen.length} answers could be read`, {
      hint: "Use another model as tagger, or tagger.kind: rules.",
    });
  const names = freeTags.flatMap(({ tags }) => tags);
  const tags = await deriveTags(names, sizes.tags, embed, seed);
  return { freeTags, tags, explored: chosen.length, unreadable: chosen.length - freeTags.length };
}
