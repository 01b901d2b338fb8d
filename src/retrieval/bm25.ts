import { numberWords } from "./word-table.ts";

/** BM25Okapi of rank_bm25 0.2.2, its defaults. */
const K1 = 1.5;
const B = 0.75;
export const EPSILON = 0.25;

/**
 * Scores of all documents for one query, equal to rank_bm25's `BM25Okapi(docs).get_scores(query)` on Python's
 * `str.split()` tokens (case and punctuation kept, repeated query words count again, negative idf becomes a quarter of
 * the mean idf). Where rank_bm25 divides by zero (no document has a word) all scores are 0.
 *
 * The index is as small as one query needs: every word's document frequency, since the mean idf asks for all of them,
 * and term frequencies of the query's words only.
 */
export function bm25Scores(docs: readonly string[], query: string): Float64Array {
  const { ids, ends, kinds } = numberWords([query, ...docs]);
  const wanted = ids.subarray(0, ends[0]);
  const total = ids.length - wanted.length;
  const scores = new Float64Array(docs.length);
  if (total === 0) return scores;
  const { holders, frequencies } = count(ids, ends, kinds);
  const idfs = idfTable(docs.length);
  const floor = EPSILON * meanIdf(holders, idfs);
  const lengths = new Float64Array(docs.length);
  for (let d = 0; d < lengths.length; d++) lengths[d] = (ends[d + 1] ?? 0) - (ends[d] ?? 0);
  for (const id of wanted) {
    const raw = idfs[holders[id] ?? 0] ?? 0;
    if (holders[id] === 0) continue;
    addWord(scores, frequencies.subarray(id * docs.length), lengths, total / docs.length, raw < 0 ? floor : raw);
  }
  return scores;
}

/**
 * `holders[id]`: documents that hold the word. `frequencies[id * docs + d]`: how often document d holds it, of the
 * query's words, which have the first numbers.
 */
function count(
  ids: Int32Array,
  ends: Int32Array,
  kinds: number,
): { readonly holders: Int32Array; readonly frequencies: Uint32Array } {
  const docs = ends.length - 1;
  let asked = 0;
  for (let i = 0; i < (ends[0] ?? 0); i++) asked = Math.max(asked, (ids[i] ?? 0) + 1);
  const frequencies = new Uint32Array(asked * docs);
  const holders = new Int32Array(kinds);
  const last = new Int32Array(kinds).fill(-1);
  for (let d = 0; d < docs; d++) {
    const end = ends[d + 1] ?? 0;
    for (let i = ends[d] ?? 0; i < end; i++) {
      const id = ids[i] ?? 0;
      if (last[id] !== d) {
        last[id] = d;
        bump(holders, id);
      }
      if (id < asked) bump(frequencies, id * docs + d);
    }
  }
  return { holders, frequencies };
}

function bump(counts: Int32Array | Uint32Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

/** Adds one query word's part to each document that holds it. */
function addWord(scores: Float64Array, tfs: Uint32Array, lengths: Float64Array, meanLength: number, idf: number): void {
  for (let d = 0; d < scores.length; d++) {
    const tf = tfs[d] ?? 0;
    if (tf === 0) continue;
    scores[d] = (scores[d] ?? 0) + gain(tf, lengths[d] ?? 0, meanLength, idf);
  }
}

/** What a word that stands in a document of `length` words `tf` times adds to its score. */
export const gain = (tf: number, length: number, meanLength: number, weight: number): number =>
  weight * ((tf * (K1 + 1)) / (tf + K1 * (1 - B + (B * length) / meanLength)));

/** Negative for a word that stands in more than half of the documents. */
export const idf = (documents: number, holders: number): number =>
  Math.log(documents - holders + 0.5) - Math.log(holders + 0.5);

/** {@link idf} of a word that stands in n of the documents, by n. */
function idfTable(documents: number): Float64Array {
  const table = new Float64Array(documents + 1);
  for (let n = 0; n < table.length; n++) table[n] = idf(documents, n);
  return table;
}

/** Mean over the documents' distinct words (words of the query alone stand in no document). */
function meanIdf(holders: Int32Array, idfs: Float64Array): number {
  let sum = 0;
  let words = 0;
  for (const n of holders) {
    if (n === 0) continue;
    sum += idfs[n] ?? 0;
    words++;
  }
  return sum / words;
}
