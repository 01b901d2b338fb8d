import { isPythonSpace } from "./text.ts";

/** BM25Okapi of rank_bm25 0.2.2, its defaults. */
const K1 = 1.5;
const B = 0.75;
const EPSILON = 0.25;

/**
 * Scores of all documents for one query, equal to rank_bm25's `BM25Okapi(docs).get_scores(query)` on Python's
 * `str.split()` tokens (case and punctuation kept, repeated query words count again, negative idf becomes a quarter of
 * the mean idf). Where rank_bm25 divides by zero (no document has a word) all scores are 0.
 *
 * The index is as small as one query needs: every word's document frequency, since the mean idf asks for all of them,
 * and term frequencies of the query's words only. Words are hashed in place, no substring is made.
 */
export function bm25Scores(docs: readonly string[], query: string): Float64Array {
  const scores = new Float64Array(docs.length);
  const words = new WordTable(docs, query);
  for (const [d, doc] of docs.entries()) words.addDoc(doc, d);
  if (words.totalLength === 0) return scores;
  const idfByCount = idfTable(docs.length);
  const floor = EPSILON * words.meanIdf(idfByCount);
  const meanLength = words.totalLength / docs.length;
  for (const slot of words.querySlots) {
    const count = words.docCount(slot);
    if (count === 0) continue;
    const raw = idfByCount[count] ?? 0;
    const idf = raw < 0 ? floor : raw;
    for (let d = 0; d < docs.length; d++) {
      const tf = words.frequency(slot, d);
      if (tf === 0) continue;
      const length = words.lengths[d] ?? 0;
      const gain = idf * ((tf * (K1 + 1)) / (tf + K1 * (1 - B + (B * length) / meanLength)));
      scores[d] = (scores[d] ?? 0) + gain;
    }
  }
  return scores;
}

/** idf of a word that stands in n of the documents, by n. */
function idfTable(documents: number): Float64Array {
  return Float64Array.from({ length: documents + 1 }, (_, n) => Math.log(documents - n + 0.5) - Math.log(n + 0.5));
}

/** Open-addressing table of words, keyed by their UTF-16 units where they first stood. */
class WordTable {
  readonly lengths: Int32Array;
  /** Slot of every query word, in order, with repeats. */
  readonly querySlots: number[] = [];
  totalLength = 0;
  readonly #units: Uint16Array;
  #end = 0;
  #mask: number;
  #slots: Int32Array;
  #count = 0;
  readonly #start: Int32Array;
  readonly #length: Int32Array;
  readonly #hash: Int32Array;
  /** Documents that hold the word, and the last one counted. */
  readonly #docs: Int32Array;
  readonly #lastDoc: Int32Array;
  /** Term frequencies by document, of query words only. */
  readonly #frequencies: (Int32Array | undefined)[] = [];
  readonly #docTotal: number;

  constructor(docs: readonly string[], query: string) {
    const units = docs.reduce((sum, doc) => sum + doc.length, query.length);
    const mostWords = (units >> 1) + 1 + docs.length;
    this.#docTotal = docs.length;
    this.lengths = new Int32Array(docs.length);
    this.#units = new Uint16Array(units);
    this.#mask = (1 << (32 - Math.clz32(mostWords))) * 2 - 1;
    this.#slots = new Int32Array(this.#mask + 1).fill(-1);
    this.#start = new Int32Array(mostWords);
    this.#length = new Int32Array(mostWords);
    this.#hash = new Int32Array(mostWords);
    this.#docs = new Int32Array(mostWords);
    this.#lastDoc = new Int32Array(mostWords).fill(-1);
    this.#eachWord(query, (word) => {
      this.#frequencies[word] ??= new Int32Array(this.#docTotal);
      this.querySlots.push(word);
    });
  }

  addDoc(doc: string, d: number): void {
    let length = 0;
    this.#eachWord(doc, (word) => {
      length++;
      if (this.#lastDoc[word] !== d) {
        this.#lastDoc[word] = d;
        this.#docs[word] = (this.#docs[word] ?? 0) + 1;
      }
      const frequency = this.#frequencies[word];
      if (frequency !== undefined) frequency[d] = (frequency[d] ?? 0) + 1;
    });
    this.lengths[d] = length;
    this.totalLength += length;
  }

  docCount(word: number): number {
    return this.#docs[word] ?? 0;
  }

  frequency(word: number, d: number): number {
    return this.#frequencies[word]?.[d] ?? 0;
  }

  /** Mean over the documents' distinct words. */
  meanIdf(idfByCount: Float64Array): number {
    let sum = 0;
    let words = 0;
    for (let word = 0; word < this.#count; word++) {
      const n = this.#docs[word] ?? 0;
      if (n === 0) continue;
      sum += idfByCount[n] ?? 0;
      words++;
    }
    return sum / words;
  }

  #eachWord(text: string, visit: (word: number) => void): void {
    const units = this.#units;
    let start = this.#end;
    let hash = 0;
    for (let i = 0; i <= text.length; i++) {
      const code = i < text.length ? text.charCodeAt(i) : 0x20;
      if (!(code > 0x20 && code < 0x7f) && isPythonSpace(code)) {
        if (this.#end > start) visit(this.#wordAt(start, this.#end - start, hash));
        start = this.#end;
        hash = 0;
      } else {
        units[this.#end++] = code;
        hash = (Math.imul(hash, 31) + code) | 0;
      }
    }
  }

  /** Number of the word in `units[start, start + length)`, a new one if it was never seen. */
  #wordAt(start: number, length: number, hash: number): number {
    for (let slot = Math.imul(hash, 0x9e3779b1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const word = this.#slots[slot] ?? -1;
      if (word < 0) {
        this.#slots[slot] = this.#count;
        this.#start[this.#count] = start;
        this.#length[this.#count] = length;
        this.#hash[this.#count] = hash;
        return this.#count++;
      }
      if (
        this.#hash[word] === hash &&
        this.#length[word] === length &&
        this.#same(this.#start[word] ?? 0, start, length)
      ) {
        // The bytes of a word seen before are not needed again.
        this.#end = start;
        return word;
      }
    }
  }

  #same(a: number, b: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#units[a + i] !== this.#units[b + i]) return false;
    return true;
  }
}
