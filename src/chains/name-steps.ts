import { zipStrict } from "../core/zip.ts";
import { splitPieces, stepsOf, type TaggedStep } from "./pieces.ts";
import type { Candidate, Tagger, TagSet } from "./types.ts";

/**
 * The steps of chains with their tags, free names (`tags` null) or the set's own. Steps that a teacher tagged itself stay
 * as they are, each free name as the tag of its cluster; of other chains the tagger makes steps. Null where its answer
 * can't be read.
 */
export async function nameSteps(
  candidates: readonly Candidate[],
  tagger: Tagger,
  tags: TagSet | null,
  onDone?: (done: number) => void,
): Promise<(readonly TaggedStep[] | null)[]> {
  const bare = candidates.filter(({ steps }) => steps === undefined);
  const named = bare.length === 0 ? [] : await tagger.tag(bare, tags?.tags ?? null, onDone);
  const segmentsOf = new Map(zipStrict(bare, named));
  return candidates.map((candidate) => {
    const { steps, reasoning, task } = candidate;
    if (steps !== undefined) return tags === null ? steps : steps.map((one) => ({ ...one, tag: tagOf(one.tag, tags) }));
    const segments = segmentsOf.get(candidate) ?? null;
    return segments && stepsOf(splitPieces(reasoning, task.language), segments);
  });
}

/** The tag of the cluster that a name is in; a name that exploring didn't meet stays, and is refused as not allowed. */
const tagOf = (name: string, { clusters }: TagSet): string =>
  clusters.find(({ members }) => members.some((member) => member.name === name))?.tag ?? name;
