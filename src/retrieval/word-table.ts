import { isPythonSpace } from "../core/python.ts";

/** The words (by Python's `str.split()`) of some texts as numbers, equal words equal numbers. */
export interface NumberedWords {
  /** Numbers of all words of all texts, in order; a view that the next call overwrites. */
  readonly ids: Int32Array;
  /** Words up to the end of each text: those of text t are `ids[ends[t - 1], ends[t])`. */
  readonly ends: Int32Array;
  /** Distinct words; numbers are given in order of appearance. */
  readonly kinds: number;
}

/*
 * A retriever numbers the words of one profile a query, thousands of times: so the texts are copied into one array of
 * UTF-16 units (a native copy; reading a string unit by unit costs several times as much), words are hashed and
 * compared where they stand, and the arrays are kept between calls.
 */
const LINE_FEED = 0x0a;
let room: Room = makeRoom(0);

interface Room {
  readonly bytes: Buffer;
  readonly text: Uint16Array;
  readonly ids: Int32Array;
  /** Where each distinct word first stood, and its length. */
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  /** Open addressing: the hash in each slot, and the word's number, −1 where free. */
  readonly hashes: Int32Array;
  readonly numbers: Int32Array;
}

export function numberWords(texts: readonly string[]): NumberedWords {
  const units = texts.reduce((sum, text) => sum + text.length + 1, 0);
  if (room.text.length < units) room = makeRoom(2 * units);
  const stops = new Int32Array(texts.length);
  let at = 0;
  for (let t = 0; t < texts.length; t++) {
    // Text by text: joining them first costs as much again.
    at += room.bytes.write(texts[t] ?? "", 2 * at, "utf16le") / 2;
    room.text[at] = LINE_FEED;
    stops[t] = at++;
  }
  const ends = new Int32Array(texts.length);
  // A slot for every fourth unit: words of running text have six, and half of them were seen before. A small table
  // fits the cache; texts of very short words need a larger one.
  for (let bits = Math.max(8, 32 - Math.clz32(units >> 2)); ; bits++) {
    const kinds = numberAll(room, stops, ends, bits);
    if (kinds !== null) return { ids: room.ids.subarray(0, ends.at(-1) ?? 0), ends, kinds };
  }
}

function makeRoom(units: number): Room {
  const text = new Uint16Array(units);
  const words = (units >> 1) + 1;
  const slots = 8 * (words + 256);
  return {
    bytes: Buffer.from(text.buffer),
    text,
    ids: new Int32Array(words),
    starts: new Int32Array(words),
    lengths: new Int32Array(words),
    hashes: new Int32Array(slots),
    numbers: new Int32Array(slots),
  };
}

/**
 * Numbers every word of texts that stop at the line feeds `stops`, and writes down how many words there were by then.
 * Returns how many distinct ones, or null when they fill more than half of the table.
 */
function numberAll(room: Room, stops: Int32Array, ends: Int32Array, bits: number): number | null {
  const { text, ids, starts, lengths, hashes, numbers } = room;
  // Shifts, no powers: a power is a floating-point number, and the loop ran at a fifth of the speed.
  const shift = 32 - bits;
  const last = (1 << bits) - 1;
  const most = 1 << (bits - 1);
  numbers.fill(-1, 0, last + 1);
  let n = 0;
  let kinds = 0;
  let start = 0;
  let hash = 0;
  for (let t = 0; t < stops.length; t++) {
    const stop = stops[t] ?? 0;
    for (let i = start; i <= stop; i++) {
      const unit = text[i] ?? 0;
      if ((unit > 0x20 && unit < 0x7f) || !isPythonSpace(unit)) {
        hash = (Math.imul(hash, 31) + unit) | 0;
        continue;
      }
      const length = i - start;
      if (length > 0) {
        let slot = Math.imul(hash, GOLDEN) >>> shift;
        let id = numbers[slot] ?? -1;
        while (
          id >= 0 &&
          !(hashes[slot] === hash && lengths[id] === length && same(text, starts[id] ?? 0, start, length))
        ) {
          slot = (slot + 1) & last;
          id = numbers[slot] ?? -1;
        }
        if (id < 0) {
          if (kinds === most) return null;
          id = kinds++;
          numbers[slot] = id;
          hashes[slot] = hash;
          starts[id] = start;
          lengths[id] = length;
        }
        ids[n++] = id;
        hash = 0;
      }
      start = i + 1;
    }
    ends[t] = n;
  }
  return kinds;
}

const GOLDEN = 0x9e3779b1;

function same(text: Uint16Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (text[a + i] !== text[b + i]) return false;
  return true;
}
