import { isAscii, isUtf8 } from "node:buffer";
import { messageOf, TagprError } from "../../core/errors.ts";
import { type OnProblem, report } from "../problem.ts";
import { plainBytes, splitLines } from "./bytes.ts";
import { makeDecoder } from "./decoder.ts";
import type { Encoding } from "./encoding.ts";

/** A text file and how its bytes are read. */
export interface TextFile {
  readonly path: string;
  readonly encoding: Encoding;
}

export interface Line {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** The file's text as UTF-8 bytes, without its mark. What was UTF-8 already is not looked at; other bytes are decoded strictly. */
export async function* utf8Of({ path, encoding }: TextFile): AsyncGenerator<Buffer> {
  if (encoding.name !== "utf-8") return yield* transcoded(path, encoding.name);
  let first = true;
  for await (const bytes of plainBytes(path)) {
    yield first && bytes.subarray(0, 3).equals(MARK) ? bytes.subarray(3) : bytes;
    first = false;
  }
}

async function* transcoded(path: string, name: string): AsyncGenerator<Buffer> {
  const decoder = makeDecoder(name);
  let [bytes, lines] = [0, 1];
  try {
    for await (const chunk of plainBytes(path)) {
      const text = decoder.decode(chunk, { stream: true });
      yield Buffer.from(text);
      bytes += chunk.length;
      lines += text.split("\n").length - 1;
    }
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (error instanceof TagprError) throw error;
    throw new TagprError(
      "data",
      `${path} is not ${name} in all its bytes: behind line ${lines}, byte ${bytes} (${messageOf(error)})`,
      {
        hint: "Name another encoding with --encoding.",
        cause: error,
      },
    );
  }
}

/** The lines of a text file. A line whose bytes are no UTF-8 is a problem with its place, and left out. */
export async function* linesOf(file: TextFile, onProblem: OnProblem | undefined, end = 0x0a): AsyncGenerator<Line> {
  let number = 0;
  for await (const bytes of splitLines(file.path, utf8Of(file), end)) {
    number++;
    const text = utf8Text(bytes);
    if (text !== null) yield { number, text: text.endsWith("\r") ? text.slice(0, -1) : text };
    else
      report(onProblem, {
        place: `${file.path}: line ${number}`,
        kind: "bytes that are no UTF-8",
        detail: `byte ${firstStrange(bytes) + 1} of the line`,
        hint: "Mend that line, or name the file's encoding with --encoding.",
      });
  }
}

/** Bytes as text, null where they are no UTF-8. Python's `json.dump` writes ASCII alone, many times cheaper to decode. */
export function utf8Text(bytes: Buffer): string | null {
  if (isAscii(bytes)) return bytes.toString("latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : null;
}

/** Index of the first byte that belongs to no UTF-8 sequence. */
export function firstStrange(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (wholeCharacters(bytes, middle) === null) bad = middle;
    else good = middle;
  }
  return wholeCharacters(bytes, good) ?? good;
}

/** Bytes of whole characters among the first `length`, of which the last may be cut off; null where one is strange. */
function wholeCharacters(bytes: Buffer, length: number): number | null {
  for (let end = length; end >= 0 && end > length - 4; end--) if (isUtf8(bytes.subarray(0, end))) return end;
  return null;
}
