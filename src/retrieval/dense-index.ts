import { bestPositions } from "./best.ts";
import { dot, dots, dotsError, rowOf } from "./dots.ts";

/** Vectors of a collection that changes, for many queries. A document is called by a number that its caller gives, small ones at best. */
export interface DenseIndex {
  /** Numbers of a vector. */
  readonly width: number;
  readonly has: (slot: number) => boolean;
  /** Keeps a document's vector, in the place of the one before; one of another width is left out. */
  readonly set: (slot: number, vector: ArrayLike<number>) => void;
  readonly remove: (slot: number) => void;
  /** How many there are. */
  readonly size: () => number;
  /** The k best of the documents `slots[position]`, which all have a vector. */
  readonly nearest: (query: Float32Array, slots: Uint32Array, k: number) => Nearest;
  /** Bytes that it takes, roughly. */
  readonly bytes: () => number;
}

/** Positions in ascending order, among them all that a ranking of all scores would put among the first k; `scores[i]` of `positions[i]`. */
export interface Nearest {
  readonly positions: readonly number[];
  /** {@link dot} of query and vector, to the last bit. */
  readonly scores: readonly number[];
}

/** How much room there is when it was used up, beside what is needed. */
const GROWTH = 1.25;

/** `room`: slots that there will be, as far as is known. */
export function denseIndex(width: number, room: number): DenseIndex {
  const row = rowOf(width);
  let numbers = new Float32Array(room * row);
  let there = new Uint8Array(room);
  let size = 0;
  /** The largest norm of a vector, of those that went too. */
  let longest = 0;

  const vectorAt = (slot: number): Float32Array => numbers.subarray(slot * row, slot * row + width);

  const makeRoom = (slots: number): void => {
    if (slots <= there.length) return;
    const more = Math.ceil(slots * GROWTH);
    const [before, flags] = [numbers, there];
    numbers = new Float32Array(more * row);
    numbers.set(before);
    there = new Uint8Array(more);
    there.set(flags);
  };

  return {
    width,
    has: (slot) => there[slot] === 1,
    set: (slot, vector) => {
      if (vector.length !== width) return;
      makeRoom(slot + 1);
      size += 1 - (there[slot] ?? 0);
      there[slot] = 1;
      const kept = vectorAt(slot);
      kept.set(vector);
      longest = Math.max(longest, Math.sqrt(dot(kept, kept)));
    },
    remove: (slot) => {
      size -= there[slot] ?? 0;
      there[slot] = 0;
    },
    size: () => size,
    bytes: () => numbers.byteLength + there.byteLength,
    // A first look in 32-bit floats leaves those that may be among the best, by how far it may be off; they are looked at again.
    nearest: (query, slots, k) => {
      const padded = new Float32Array(row);
      padded.set(query);
      const bySlot = dots(numbers, there.length, padded);
      const rough = new Float32Array(slots.length);
      for (let i = 0; i < rough.length; i++) rough[i] = bySlot[slots[i] ?? 0] ?? 0;
      const best = bestPositions(rough, k);
      const last = best.length < k ? Number.NEGATIVE_INFINITY : (rough[best[k - 1] ?? 0] ?? 0);
      const least = last - 2 * dotsError(row, Math.sqrt(dot(query, query)) * longest);
      const positions: number[] = [];
      // A sum that is no number, since it left the range of floats, is not less than anything.
      for (let i = 0; i < rough.length; i++) if (!((rough[i] ?? 0) < least)) positions.push(i);
      return { positions, scores: positions.map((at) => dot(query, vectorAt(slots[at] ?? 0))) };
    },
  };
}
