import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { Decompress } from "fzstd";
import { readFault } from "../../core/disk.ts";
import { messageOf, TagprError } from "../../core/errors.ts";

const CHUNK = 1 << 20;
const GZIP = Buffer.from([0x1f, 0x8b]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** Kinds of files that are known, but not read. */
const REFUSED: readonly (readonly [magic: Buffer, name: string, advice: string])[] = [
  [Buffer.from("PK\u0003\u0004"), "a zip archive or a spreadsheet", "Unpack it, or save the sheet as CSV."],
  [Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), "an Excel file of the old kind", "Save the sheet as CSV."],
  [Buffer.from("BZh"), "a bzip2 archive", "Unpack it first (bunzip2)."],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), "an xz archive", "Unpack it first (unxz)."],
  [Buffer.from("SQLite format 3"), "an SQLite database", "Export the table as CSV."],
  [Buffer.from("ARROW1"), "an Arrow file", "Save it as Parquet."],
];

/** A file's bytes as they were before gzip or zstd, whatever it is called. A file that can't be read as a table is refused by name. */
export async function* plainBytes(path: string): AsyncGenerator<Buffer> {
  const head = await headOf(path);
  const refused = REFUSED.find(([magic]) => head.subarray(0, magic.length).equals(magic));
  if (refused !== undefined) throw new TagprError("data", `${path} is ${refused[1]}`, { hint: refused[2] });
  const starts = (magic: Buffer) => head.subarray(0, magic.length).equals(magic);
  try {
    if (starts(GZIP)) yield* gunzipped(path);
    else if (starts(ZSTD)) yield* unzstd(path);
    else yield* rawBytes(path);
  } catch (error) {
    if (error instanceof TagprError) throw error;
    const packed = starts(GZIP) ? "gzip" : starts(ZSTD) ? "zstd" : null;
    throw new TagprError(
      "data",
      packed === null ? readFault(path, error) : `${path}: not whole ${packed}: ${messageOf(error)}`,
      {
        hint: packed === null ? "Check the path." : "The file is cut off or damaged: copy or download it again.",
        cause: error,
      },
    );
  }
}

async function headOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new TagprError("data", readFault(path, error), { hint: "Check the path.", cause: error });
  }
}

/** Opened here: what a stream fails with, its reader would never hear. */
async function* rawBytes(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  for await (const chunk of file.createReadStream({ highWaterMark: CHUNK })) yield chunk as Buffer;
}

async function* gunzipped(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  const source = file.createReadStream({ highWaterMark: CHUNK });
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Buffer;
  } finally {
    source.destroy();
  }
}

async function* unzstd(path: string): AsyncGenerator<Buffer> {
  let ready: Buffer[] = [];
  const stream = new Decompress((data) => ready.push(Buffer.from(data)));
  for await (const chunk of rawBytes(path)) {
    stream.push(new Uint8Array(chunk));
    yield* ready;
    ready = [];
  }
  stream.push(new Uint8Array(0), true);
  yield* ready;
}

/** A line that is longer is none: the file is no table. */
const LONGEST = 1 << 28;

/** Bytes between line ends (`end`), which are left out; a carriage return before one stays. */
export async function* splitLines(
  path: string,
  chunks: AsyncIterable<Buffer> = plainBytes(path),
  end = 0x0a,
): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let held = 0;
  for await (const bytes of chunks) {
    let start = 0;
    for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, start)) {
      const line = bytes.subarray(start, at);
      yield rest.length === 0 ? line : Buffer.concat([...rest, line]);
      rest = [];
      held = 0;
      start = at + 1;
    }
    if (start === bytes.length) continue;
    rest.push(bytes.subarray(start));
    held += bytes.length - start;
    if (held > LONGEST)
      throw new TagprError("data", `${path}: a line is longer than ${LONGEST / (1 << 20)} MB`, {
        hint: "The file is no table with one record a line.",
      });
  }
  if (held > 0) yield Buffer.concat(rest);
}
