import type { Post } from "./posts.ts";

/**
 * What is kept of a post to find its near duplicates: few bytes, so that millions of posts fit into memory. Of two sets
 * with a share t of their union in common, each has t of its own size in common with the other at least; so the least
 * common element, in whatever order, is among the first (1 - t) of both. The order is that of a hash.
 */
export interface Sketch {
  readonly post: Post;
  /** Number of grams. */
  readonly size: number;
  /** The least hashes of the grams, in order: one of them is shared with every near duplicate. */
  readonly least: Uint32Array;
}

const GRAM = 5;
/** 0.7 of 10 is 7, and not a little more. */
const TINY = 1e-9;

/** Characters alone: white space and punctuation make no difference between posts. */
export const squeezed = (text: string): string => text.replace(/[\s\p{P}]+/gu, "").toLowerCase();

/** The 5-grams of a squeezed text. */
export function gramsOf(text: string): Set<string> {
  const characters = [...text];
  const grams = new Set<string>();
  let [start, end] = [0, 0];
  for (const [i, character] of characters.entries()) {
    end += character.length;
    if (i < GRAM - 1) continue;
    grams.add(text.slice(start, end));
    start += characters[i - GRAM + 1]?.length ?? 0;
  }
  return grams;
}

export function sketchOf(post: Post, grams: ReadonlySet<string>, share: number): Sketch {
  const length = grams.size - Math.ceil(share * grams.size - TINY) + 1;
  return { post, size: grams.size, least: Uint32Array.from(grams, hashOf).sort().slice(0, length) };
}

/** The first of `own` that has this share of all 5-grams in common with the post of these grams (Jaccard). */
export function nearOf(sketch: Sketch, grams: ReadonlySet<string>, own: readonly Sketch[], share: number) {
  return own.find(
    (other) => mayBeNear(sketch, other, share) && overlap(grams, gramsOf(squeezed(other.post.content))) >= share,
  )?.post;
}

function mayBeNear(a: Sketch, b: Sketch, share: number): boolean {
  if (Math.min(a.size, b.size) < share * Math.max(a.size, b.size) - TINY) return false;
  for (let i = 0, j = 0; i < a.least.length && j < b.least.length; ) {
    const difference = (a.least[i] ?? 0) - (b.least[j] ?? 0);
    if (difference === 0) return true;
    if (difference < 0) i++;
    else j++;
  }
  return false;
}

/** Share of the two sets' union that is common. */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const gram of a) if (b.has(gram)) common++;
  return common / Math.max(1, a.size + b.size - common);
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
