import { createReadStream } from "node:fs";
import { readFault } from "../../core/disk.ts";
import { messageOf, TagprError } from "../../core/errors.ts";
import { firstStrange, utf8Text } from "../table/text.ts";
import { parseJson } from "./parse.ts";

/** One object of the file's array of records, and where it stands. */
export interface RawRecord {
  /** 1-based position among the records. */
  readonly number: number;
  /** Byte at which the object begins. */
  readonly offset: number;
  /** 1-based line at which the object begins. */
  readonly line: number;
  /** Undefined where `fault` says why it can't be read. */
  readonly value: unknown;
  readonly fault?: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LIST = 0x5b;
const LIST_END = 0x5d;
const NEWLINE = 0x0a;
const CHUNK = 1 << 21;

/**
 * Streams the records of a JSON file that is one array of objects, bare (`[{…}, …]`) or wrapped
 * (`{"task": …, "golds": [{…}, …]}`); returns what stands around the records.
 *
 * Only record boundaries are looked for by hand, each object is parsed by `JSON.parse`: several times faster than a
 * streaming parser, and never more than one record and one chunk in memory.
 */
export async function* scanRecords(
  path: string,
  chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: CHUNK }),
  layout: "list" | "sequence" = "list",
): AsyncGenerator<RawRecord, unknown> {
  const scanner = new RecordScanner(path, layout === "sequence");
  try {
    for await (const bytes of chunks) yield* scanner.feed(bytes);
  } catch (error) {
    if (error instanceof TagprError) throw error;
    throw new TagprError("data", readFault(path, error), { hint: "Check the path.", cause: error });
  }
  return scanner.end();
}

/** Byte-level state between chunks. */
class RecordScanner {
  readonly #path: string;
  readonly #sequence: boolean;
  #depth = 0;
  /** Depth at which objects are records: 1 in a bare array, 2 inside a wrapper's array; 0 before the first byte. */
  #recordDepth = 0;
  #inString = false;
  #escaped = false;
  /** Whether the container at that depth is an array: a wrapper's own objects are no records. */
  #parentIsList = false;
  #held: Buffer[] = [];
  #inRecord = false;
  #start = { offset: 0, line: 1 };
  #position = 0;
  #line = 1;
  #count = 0;
  /** Bytes outside the records, each record replaced by `null`: small, and valid JSON exactly when the file is. */
  #outside: string[] = [];

  constructor(path: string, sequence: boolean) {
    this.#path = path;
    this.#sequence = sequence;
    this.#parentIsList = sequence;
  }

  *feed(chunk: Buffer): Generator<RawRecord> {
    const end = chunk.length;
    let i = 0;
    let from = 0;
    while (i < end) {
      if (this.#inString) {
        i = this.#skipString(chunk, i);
        continue;
      }
      const byte = chunk[i];
      if (byte === QUOTE) this.#inString = true;
      else if (byte === NEWLINE) this.#line++;
      else if (byte === OPEN || byte === LIST) {
        if (byte === OPEN && this.#beginsRecord()) {
          this.#outside.push(chunk.toString("utf8", from, i));
          this.#start = { offset: this.#position + i, line: this.#line };
          this.#inRecord = true;
          from = i;
        }
        this.#opened(byte);
      } else if (byte === CLOSE || byte === LIST_END) {
        this.#depth--;
        if (this.#inRecord && this.#depth === this.#recordDepth) {
          this.#held.push(chunk.subarray(from, i + 1));
          yield this.#finish();
          from = i + 1;
        } else if (!this.#inRecord && this.#depth < this.#recordDepth) this.#parentIsList = false;
      }
      i++;
    }
    if (this.#inRecord) this.#held.push(from === 0 ? chunk : chunk.subarray(from));
    else this.#outside.push(chunk.toString("utf8", from));
    this.#position += end;
  }

  /** Index after the closing quote, or the chunk's end. Most bytes of LaMP are inside strings: `indexOf` is native. */
  #skipString(chunk: Buffer, at: number): number {
    let i = at;
    if (this.#escaped) {
      this.#escaped = false;
      i++;
    }
    for (;;) {
      const quote = chunk.indexOf(QUOTE, i);
      const stop = quote < 0 ? chunk.length : quote;
      let slash = stop;
      while (slash > i && chunk[slash - 1] === BACKSLASH) slash--;
      const odd = (stop - slash) % 2 === 1;
      if (quote < 0) {
        this.#escaped = odd;
        return chunk.length;
      }
      i = quote + 1;
      if (!odd) {
        this.#inString = false;
        return i;
      }
    }
  }

  #beginsRecord(): boolean {
    const begun = this.#sequence || this.#recordDepth > 0;
    return !this.#inRecord && begun && this.#depth === this.#recordDepth && this.#parentIsList;
  }

  #opened(byte: number): void {
    if (!this.#sequence && this.#depth === 0 && this.#recordDepth === 0) this.#recordDepth = byte === LIST ? 1 : 2;
    this.#depth++;
    if (!this.#inRecord && this.#depth === this.#recordDepth) this.#parentIsList = byte === LIST;
  }

  #finish(): RawRecord {
    const [only] = this.#held;
    const bytes = this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held);
    this.#held = [];
    this.#inRecord = false;
    this.#count++;
    this.#outside.push("null");
    const place = { number: this.#count, ...this.#start };
    const text = utf8Text(bytes);
    if (text === null)
      return { ...place, value: undefined, fault: `not UTF-8 (byte ${firstStrange(bytes) + 1} of it)` };
    try {
      return { ...place, value: parseJson(text) };
    } catch (error) {
      return { ...place, value: undefined, fault: `not JSON: ${messageOf(error)}` };
    }
  }

  #where(): string {
    return `(byte ${this.#start.offset}, line ${this.#start.line})`;
  }

  /** The wrapper with `null` for every record. Throws if the file is cut off or is no array of objects. */
  end(): unknown {
    if (this.#inRecord)
      throw this.#error(
        `cut off at byte ${this.#position} inside record ${this.#count + 1}, which begins at ${this.#where().slice(1, -1)}`,
      );
    const text = this.#outside.join("").replace(/^\uFEFF/, "");
    if (text.trim() === "") throw this.#error("the file is empty");
    if (this.#sequence) return [];
    try {
      return parseJson(text);
    } catch (error) {
      const after = this.#depth > 0 ? `cut off at byte ${this.#position} after ${this.#count} whole records` : null;
      throw this.#error(after ?? `not a JSON array of records: ${messageOf(error)}`, error);
    }
  }

  #error(message: string, cause?: unknown): TagprError {
    return new TagprError("data", `${this.#path}: ${message}`, {
      hint: "The file is half-written or damaged: download or copy it again.",
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
