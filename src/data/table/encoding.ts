import { isAscii, isUtf8 } from "node:buffer";
import chardet from "chardet";
import { TagprError } from "../../core/errors.ts";
import { splitLines } from "./bytes.ts";
import { encodingName, makeDecoder } from "./decoder.ts";

/** How a file's bytes are to be read. */
export interface Encoding {
  /** As `TextDecoder` knows it. */
  readonly name: string;
  /** Whether it was guessed: then a person is told. */
  readonly guessed: boolean;
}

const UTF8: Encoding = { name: "utf-8", guessed: false };
const SAMPLE = 1 << 16;
/** chardet's confidence in words and in lines together, and how far the best must lead, for a guess to be taken. */
const SURE = 40;
const LEAD = 1.25;
/** Encodings of languages whose words mix these bytes with Latin letters, and the superset that people mean by each. */
const WESTERN: Readonly<Record<string, string>> = {
  "ISO-8859-1": "windows-1252",
  "windows-1252": "windows-1252",
  "ISO-8859-2": "iso-8859-2",
  "windows-1250": "windows-1250",
  "ISO-8859-9": "windows-1254",
  "windows-1254": "windows-1254",
  "windows-1257": "windows-1257",
  "windows-1258": "windows-1258",
};
/** Quotes, dashes, the euro and signs, at the same place in all of Windows' encodings: no letter tells which it is. */
const SIGNS = new Set([0x80, 0x82, 0x84, 0x85, 0x8b, 0x99, 0x9b, 0xa0, 0xa7, 0xa9, 0xab, 0xae, 0xb0, 0xb7, 0xbb]);

/** The encoding that a person named. Throws where there is none of that name. */
export const namedEncoding = (name: string): Encoding => ({ name: encodingName(name), guessed: false });

/**
 * A file's encoding: by its mark, as UTF-8 where all of it is, else guessed from the words with other bytes. Reads the whole
 * file. Throws where two readings are as likely: a wrong guess would be found in no test.
 */
export async function encodingOf(path: string): Promise<Encoding> {
  const scan = await scanBytes(path);
  if (scan.marked !== null) return scan.marked;
  // A file of UTF-8 with some damaged lines: those are told one by one.
  if (scan.strange === 0 || scan.utf8Lines >= scan.strange) return UTF8;
  const readings = readingsOf(Buffer.concat(scan.words), Buffer.concat(scan.lines));
  const [best, second] = readings;
  if (best !== undefined && best.score >= SURE && best.score >= LEAD * (second?.score ?? 0))
    return { name: best.name, guessed: true };
  const shown = readings
    .slice(0, 3)
    .map(({ name, text }) => `as ${name} it has ${JSON.stringify(text.slice(0, 24).trim())}`);
  throw new TagprError(
    "data",
    `${path}: line ${scan.firstStrange} is not UTF-8${shown.map((one) => `, ${one}`).join("")}`,
    {
      hint:
        best === undefined
          ? "None of the encodings that are known fits: save it as UTF-8, or name its encoding with --encoding."
          : `Say which encoding it is, for example: --encoding ${best.name}.`,
    },
  );
}

interface Scan {
  readonly marked: Encoding | null;
  /** Lines that are no UTF-8, and the first of them. */
  strange: number;
  firstStrange: number;
  /** Lines that are UTF-8 beyond ASCII. */
  utf8Lines: number;
  /** Words that have bytes beyond ASCII, of the strange lines. */
  readonly words: Buffer[];
  /** These lines whole: the words around tell one Latin language from another. */
  readonly lines: Buffer[];
}

async function scanBytes(path: string): Promise<Scan> {
  const scan = {
    marked: null as Encoding | null,
    strange: 0,
    firstStrange: 0,
    utf8Lines: 0,
    words: [] as Buffer[],
    lines: [] as Buffer[],
  };
  let [first, line, size] = [true, 0, 0];
  for await (const bytes of splitLines(path)) {
    if (first) {
      scan.marked = markOf(path, bytes);
      if (scan.marked !== null) return scan;
      first = false;
    }
    line++;
    if (isAscii(bytes)) continue;
    if (isUtf8(bytes) || isDamaged(bytes)) scan.utf8Lines++;
    else {
      if (scan.strange++ === 0) scan.firstStrange = line;
      if (size < SAMPLE) scan.lines.push(bytes);
      for (const word of size < SAMPLE ? wordsOf(bytes) : []) {
        size += word.length;
        scan.words.push(word);
      }
    }
  }
  return scan;
}

/** Whether bytes are UTF-8 but for a few of them: hardly any text of another encoding has so many whole sequences. */
function isDamaged(bytes: Buffer): boolean {
  const text = bytes.toString("utf8");
  const bad = text.match(/\ufffd/g)?.length ?? 0;
  const good = text.match(/[^\p{ASCII}\ufffd]/gu)?.length ?? 0;
  return good > 3 * bad;
}

/** A byte order mark, or the zero bytes of UTF-16 without one. */
function markOf(path: string, line: Buffer): Encoding | null {
  const [a, b, c, d] = line;
  if (a === 0xef && b === 0xbb && c === 0xbf) return null;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    throw utf32(path);
  if (a === 0xff && b === 0xfe) return { name: "utf-16le", guessed: false };
  if (a === 0xfe && b === 0xff) return { name: "utf-16be", guessed: false };
  const head = line.subarray(0, 4096);
  const zeros = [0, 0, 0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 4] = (zeros[i % 4] ?? 0) + 1;
  // Three of four bytes, or two beyond Latin letters: a mark is not always there.
  if (
    head.length >= 8 &&
    zeros.filter((n) => n >= 0.9 * Math.floor(head.length / 4)).length >= 2 &&
    zeros.some((n) => n === 0)
  )
    if ((zeros[2] ?? 0) * (zeros[3] ?? 0) > 0 !== (zeros[0] ?? 0) * (zeros[1] ?? 0) > 0) throw utf32(path);
  const [even, odd] = [(zeros[0] ?? 0) + (zeros[2] ?? 0), (zeros[1] ?? 0) + (zeros[3] ?? 0)];
  // Line ends, delimiters and digits are there in every script.
  if (Math.max(even, odd) < 2 || Math.min(even, odd) * 4 > Math.max(even, odd)) return null;
  return { name: odd > even ? "utf-16le" : "utf-16be", guessed: true };
}

const utf32 = (path: string): TagprError =>
  new TagprError("data", `${path} is in UTF-32, which is not read`, { hint: "Save it as UTF-8." });

/** Stretches without white space, signs and digits (bytes below 0x40 are second bytes in no encoding in use) that go beyond ASCII. */
function* wordsOf(line: Buffer): Generator<Buffer> {
  let start = 0;
  let beyond = false;
  for (let i = 0; i <= line.length; i++) {
    const byte = line[i] ?? 0;
    if (byte >= 0x80) beyond = true;
    else if (byte < 0x40) {
      if (beyond) yield Buffer.concat([line.subarray(start, i), Buffer.from(" ")]);
      start = i + 1;
      beyond = false;
    }
  }
}

interface Reading {
  readonly name: string;
  readonly score: number;
  readonly text: string;
}

function readingsOf(words: Buffer, lines: Buffer): Reading[] {
  const high = [...words].filter((byte) => byte >= 0x80);
  if (high.every((byte) => SIGNS.has(byte) || (byte >= 0x91 && byte <= 0x97))) {
    const name = "windows-1252";
    return [{ name, score: 100, text: decodedBy(name, words) ?? "" }];
  }
  const western = isWestern(words);
  const around = new Map(chardet.analyse(lines).map((match) => [match.name, match.confidence]));
  const readings = chardet.analyse(words).flatMap((match): Reading[] => {
    const name = WESTERN[match.name] ?? (match.name === "ISO-8859-8" ? "windows-1255" : match.name.toLowerCase());
    if (match.name in WESTERN !== western || match.confidence === 0) return [];
    // By its own name: in a superset more bytes have a meaning, and any file would pass.
    const text = decodedBy(match.name, words) === null ? null : decodedBy(name, words);
    if (text === null || /[\u0080-\u009f\ue000-\uf8ff]/.test(text) || (western && !isWritten(text))) return [];
    // The commonest of its family by far; but in the letters that Turkish has in place of Icelandic's.
    const usual = name === "windows-1252" && !/[þÞðÐýÝ]/.test(text) ? 1.3 : 1;
    return [{ name, score: (match.confidence + (around.get(match.name) ?? 0)) * usual, text }];
  });
  const sorted = readings.sort((a, b) => b.score - a.score);
  // Two that read the same words are no doubt.
  return sorted.filter(({ text }, i) => sorted.findIndex((other) => other.text === text) === i);
}

/**
 * Whether bytes beyond ASCII are accents in Latin words: few of them stand beside another (`größ` has two), and most letters
 * around are ASCII. Where two bytes make a character, stretches of them are even.
 */
function isWestern(words: Buffer): boolean {
  const runs = words.toString("latin1").match(/[\x80-\xff]+/g) ?? [];
  const high = runs.reduce((sum, run) => sum + run.length, 0);
  const alone = runs.filter((run) => run.length === 1).length;
  if (alone > 0.5 * high) return true;
  const letters = words.filter((byte) => byte >= 0x41 && byte < 0x80).length;
  return letters > high && alone >= 0.25 * runs.length;
}

/** Whether Latin words look written: no capital of another alphabet's reading within them (`cafŽ`), save in a few. */
function isWritten(text: string): boolean {
  const all = text.split(" ").filter((word) => word !== "");
  const odd = all.filter((word) => /\p{Ll}(?!\p{ASCII})\p{Lu}/u.test(word));
  return 5 * odd.length <= all.length;
}

function decodedBy(name: string, bytes: Buffer): string | null {
  try {
    return makeDecoder(name).decode(bytes);
  } catch {
    return null;
  }
}
