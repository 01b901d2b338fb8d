import { kmeans } from "ml-kmeans";
import { seedOf } from "../core/random.ts";
import { zipStrict } from "../core/zip.ts";
import type { Embed } from "../llm/embeddings.ts";
import type { TagSet } from "./types.ts";

/** K-means starts anew this often; the tightest result counts. */
const RESTARTS = 5;
/** Points that K-means sees at most, about: names stand there as often as they were used, scaled down to this. */
const POINTS = 300;

/**
 * Primary tags from freely chosen names (paper section 3.2): the distinct names are embedded and clustered by K-means
 * into `k` groups, each name weighing as often as it was used, so that rare names don't draw the borders; each group
 * is named by its most frequent member. With fewer distinct names than `k`, each is its own group. Equal inputs and seed
 * give equal tags.
 */
export async function deriveTags(names: readonly string[], k: number, embed: Embed, seed: number): Promise<TagSet> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  // A fixed order, so that K-means' own draws fall alike whatever the order of the chains.
  const distinct = [...counts.keys()].sort();
  const labels =
    distinct.length <= k ? distinct.map((_, i) => i) : await clusterNames(distinct, counts, k, embed, seed);
  const groups = new Map<number, { name: string; count: number }[]>();
  for (const [name, label] of zipStrict(distinct, labels))
    groups.set(label, [...(groups.get(label) ?? []), { name, count: counts.get(name) ?? 0 }]);
  const clusters = [...groups.values()]
    .map((members) => members.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)))
    .map((members) => ({ tag: members[0]?.name ?? "", members }))
    .toSorted((a, b) => sizeOf(b) - sizeOf(a) || (a.tag < b.tag ? -1 : 1));
  return { tags: clusters.map(({ tag }) => tag), clusters };
}

const sizeOf = ({ members }: TagSet["clusters"][number]): number => members.reduce((sum, { count }) => sum + count, 0);

async function clusterNames(
  names: readonly string[],
  counts: ReadonlyMap<string, number>,
  k: number,
  embed: Embed,
  seed: number,
): Promise<number[]> {
  const vectors = (await embed(names.map((name) => name.replaceAll("_", " ")))).map(unit);
  const used = names.map((name) => counts.get(name) ?? 0);
  const scale = Math.max(used.reduce((sum, count) => sum + count, 0) / POINTS, 1);
  const points = zipStrict(vectors, used).flatMap(([v, count]) =>
    new Array<number[]>(Math.ceil(count / scale)).fill(v),
  );
  let best: { centroids: number[][]; spread: number } | null = null;
  for (let start = 0; start < RESTARTS; start++) {
    const { clusters, centroids } = kmeans(points, k, { seed: seedOf(seed, "tags", start), maxIterations: 200 });
    const spread = zipStrict(points, clusters).reduce((sum, [v, c]) => sum + distance(v, centroids[c] ?? []), 0);
    if (best === null || spread < best.spread) best = { centroids, spread };
  }
  const centroids = best?.centroids ?? [];
  return vectors.map((v) => nearest(v, centroids));
}

function nearest(vector: readonly number[], centroids: readonly (readonly number[])[]): number {
  const distances = centroids.map((centroid) => distance(vector, centroid));
  return distances.indexOf(Math.min(...distances));
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((x) => x / length);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + (x - (b[i] ?? 0)) ** 2, 0);
}
