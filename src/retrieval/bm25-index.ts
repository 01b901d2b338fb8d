import { pythonSplit } from "../core/python.ts";
import { EPSILON, gain, idf } from "./bm25.ts";

/**
 * BM25 over a collection that changes, for many queries: the scores of {@link bm25Scores} up to rounding (the mean idf is summed in
 * another order), without reading the documents again. A document is called by a number that its caller gives, small ones at best.
 */
export interface Bm25Index {
  add(slot: number, text: string): void;
  /** `text`: as it was added. */
  remove(slot: number, text: string): void;
  /** `scores[slot]` for slots below `slots`. */
  scores(query: string, slots: number): Float64Array;
  /** Bytes that it takes, roughly. */
  readonly bytes: () => number;
}

/** Documents that hold a word, and how often each does. */
interface Postings {
  readonly slots: number[];
  readonly counts: number[];
}

export function bm25Index(): Bm25Index {
  const words = new Map<string, Postings>();
  /** `kinds[n]`: distinct words that stand in n documents. */
  const kinds: number[] = [];
  const lengths: number[] = [];
  let [documents, total, postings, characters] = [0, 0, 0, 0];

  const moved = (from: number, to: number): void => {
    kinds[from] = (kinds[from] ?? 0) - 1;
    kinds[to] = (kinds[to] ?? 0) + 1;
  };

  const add = (slot: number, text: string): void => {
    const counts = countsOf(text);
    for (const [word, count] of counts) {
      let held = words.get(word);
      if (held === undefined) {
        held = { slots: [], counts: [] };
        words.set(word, held);
        characters += word.length;
      }
      moved(held.slots.length, held.slots.length + 1);
      held.slots.push(slot);
      held.counts.push(count);
      lengths[slot] = (lengths[slot] ?? 0) + count;
      total += count;
    }
    lengths[slot] ??= 0;
    postings += counts.size;
    documents++;
  };

  const remove = (slot: number, text: string): void => {
    for (const [word, count] of countsOf(text)) {
      const held = words.get(word);
      const at = held?.slots.lastIndexOf(slot) ?? -1;
      if (held === undefined || at < 0) continue;
      moved(held.slots.length, held.slots.length - 1);
      held.slots.splice(at, 1);
      held.counts.splice(at, 1);
      if (held.slots.length === 0) words.delete(word);
      total -= count;
      postings--;
    }
    lengths[slot] = 0;
    documents--;
  };

  const meanIdf = (): number => {
    let sum = 0;
    for (let n = 1; n < kinds.length; n++) {
      const many = kinds[n] ?? 0;
      if (many > 0) sum += many * idf(documents, n);
    }
    return sum / words.size;
  };

  return {
    ...{ add, remove },
    scores: (query, slots) => {
      const scores = new Float64Array(slots);
      if (total === 0) return scores;
      const floor = EPSILON * meanIdf();
      const meanLength = total / documents;
      for (const word of pythonSplit(query)) {
        const held = words.get(word);
        if (held === undefined) continue;
        const raw = idf(documents, held.slots.length);
        const weight = raw < 0 ? floor : raw;
        for (let i = 0; i < held.slots.length; i++) {
          const slot = held.slots[i] ?? 0;
          scores[slot] = (scores[slot] ?? 0) + gain(held.counts[i] ?? 0, lengths[slot] ?? 0, meanLength, weight);
        }
      }
      return scores;
    },
    bytes: () => 16 * postings + 2 * characters + 160 * words.size + 8 * lengths.length,
  };
}

function countsOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of pythonSplit(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
