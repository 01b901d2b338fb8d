import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TagprError } from "../../core/errors.ts";
import { lampFiles } from "./catalogue.ts";
import { downloadLamp, readSums } from "./download.ts";

/** A site with ranges, and a line that breaks when it is told to. */
const QUESTIONS = JSON.stringify(Array.from({ length: 3000 }, (_, id) => ({ id, input: "x", profile: [] })));
const OUTPUTS = JSON.stringify({ task: "LaMP_4", golds: [{ id: 0, output: "g" }] });
const PATH = "/LaMP/time/LaMP_4/dev";
let files: Record<string, string>;
let etag: string;
/** Bytes after which each answer breaks off, first to last. */
let breaks: number[];
let status: number[];
let asked: { url: string; range: string | undefined }[];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { range } = request.headers;
  asked.push({ url: request.url ?? "", range });
  const code = status.shift() ?? 200;
  const text = files[request.url ?? ""];
  if (code !== 200) return void response.writeHead(code).end();
  if (text === undefined) return void response.end("<html>no such file</html>");
  const same = request.headers["if-range"] === etag;
  const from = range !== undefined && same ? Number(/\d+/.exec(range)?.[0]) : 0;
  if (from >= text.length) return void response.writeHead(416, { "content-range": `bytes */${text.length}` }).end();
  const body = text.slice(from);
  const partial = { "content-range": `bytes ${from}-${text.length - 1}/${text.length}` };
  response.writeHead(from > 0 ? 206 : 200, { etag, "content-length": body.length, ...(from > 0 ? partial : {}) });
  const breakAt = breaks.shift();
  if (breakAt === undefined) response.end(body);
  else response.write(body.slice(0, breakAt), () => response.socket?.end());
}

const server = createServer(answer);
let site: string;
let dir: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/LaMP/`;
});
afterAll(() => void server.close());
beforeEach(() => {
  files = { [`${PATH}/dev_questions.json`]: QUESTIONS, [`${PATH}/dev_outputs.json`]: OUTPUTS };
  [etag, breaks, status, asked] = ['"one"', [], [], []];
  dir = mkdtempSync(join(tmpdir(), "download-"));
});

const download = (more: object = {}) =>
  downloadLamp({
    ...{ dir, fetch, sleep: async () => {}, files: lampFiles("LaMP-4", ["dev"], { separation: "time", site }) },
    ...more,
  });
const there = (name: string): string => readFileSync(join(dir, "LaMP_4", name), "utf8");
const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: TagprError) => `${error.code}: ${error.message} | ${error.hint}`,
  );

describe("downloadLamp", () => {
  it("fetches into a folder a task, tells progress, and records checksums", async () => {
    const seen: number[] = [];
    const got = await download({ onProgress: (done: number, total: number) => seen.push(done / total) });
    expect(got.map(({ file, how }) => [file, how])).toEqual([
      ["LaMP_4/dev_questions.json", "fetched"],
      ["LaMP_4/dev_outputs.json", "fetched"],
    ]);
    expect([there("dev_questions.json"), there("dev_outputs.json")]).toEqual([QUESTIONS, OUTPUTS]);
    expect(seen.at(-1)).toBe(1);
    expect(readSums(writeSums(got))).toEqual(JSON.parse(readFileSync(join(dir, "checksums.json"), "utf8")));
  });

  it("the two splits of a task lie apart: the second is fetched, not taken for the first", async () => {
    for (const name of ["dev_questions.json", "dev_outputs.json"])
      files[`/LaMP/LaMP_4/dev/${name}`] = JSON.stringify([{ id: "other people" }]);
    await download();
    const other = await download({ files: lampFiles("LaMP-4", ["dev"], { separation: "user", site }) });
    expect(other.map(({ file, how }) => [file, how])).toEqual([
      ["LaMP_4_user/dev_questions.json", "fetched"],
      ["LaMP_4_user/dev_outputs.json", "fetched"],
    ]);
    expect(there("dev_questions.json")).toBe(QUESTIONS);
  });

  it("keeps what is there, asking for nothing", async () => {
    await download();
    asked = [];
    expect((await download()).map(({ how }) => how)).toEqual(["kept", "kept"]);
    expect(asked).toEqual([]);
  });

  it("goes on where the line broke, within one command", async () => {
    breaks = [50_000, 20_000];
    expect((await download()).map(({ how }) => how)).toEqual(["fetched", "fetched"]);
    expect(there("dev_questions.json")).toBe(QUESTIONS);
    const ranges = asked.slice(0, 3).map(({ range }) => Number(/\d+/.exec(range ?? "0")?.[0]));
    expect(ranges[0]).toBe(0);
    expect(ranges[1]).toBeGreaterThan(0);
    expect(ranges[2]).toBeGreaterThan(ranges[1] ?? 0);
  });

  it("goes on over commands; a file that the server has changed meanwhile begins anew", async () => {
    breaks = [60_000];
    expect(await failure(download({ retries: 0 }))).toMatch(
      /environment: .*dev_questions\.json.* kept; the same command/,
    );
    expect(existsSync(join(dir, "LaMP_4", "dev_questions.json"))).toBe(false);
    const [first] = await download();
    expect([first?.how, there("dev_questions.json")]).toEqual(["resumed", QUESTIONS]);

    dir = mkdtempSync(join(tmpdir(), "download-"));
    breaks = [60_000];
    await failure(download({ retries: 0 }));
    files[`${PATH}/dev_questions.json`] = QUESTIONS.replaceAll("x", "y");
    etag = '"two"';
    await download();
    expect(there("dev_questions.json")).toBe(QUESTIONS.replaceAll("x", "y"));
  });

  it("a server that is busy is asked again; one that refuses is not", async () => {
    status = [503, 429];
    expect(await download()).toHaveLength(2);
    dir = mkdtempSync(join(tmpdir(), "download-"));
    status = [404];
    asked = [];
    expect(await failure(download())).toMatch(/environment: .*dev_questions\.json: the server answered 404.*by hand/);
    expect(asked).toHaveLength(1);
  });

  it("a page instead of a file is no file, and leaves nothing", async () => {
    files = {};
    expect(await failure(download())).toMatch(/data: .*is no JSON file/);
    expect(existsSync(join(dir, "LaMP_4", "dev_questions.json.part"))).toBe(false);
  });

  it("a file that rotted, one that was cut, one with another checksum than asked for: errors that name it", async () => {
    const got = await download();
    writeFileSync(join(dir, "LaMP_4", "dev_outputs.json"), OUTPUTS.replace("g", "h"));
    expect(await failure(download())).toMatch(
      /dev_outputs\.json: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64} \| Delete/,
    );
    writeFileSync(join(dir, "LaMP_4", "dev_outputs.json"), OUTPUTS.slice(0, 20));
    expect(await failure(download())).toMatch(/dev_outputs\.json: it is no whole JSON file/);
    dir = mkdtempSync(join(tmpdir(), "download-"));
    const sums = { [got[0]?.file ?? ""]: "0".repeat(64) };
    expect(await failure(download({ sums }))).toMatch(/dev_questions\.json: its SHA-256 is .*, not 0000/);
  });

  it("a list of checksums that is none names its line", () => {
    const path = join(dir, "sums.txt");
    writeFileSync(path, `${"a".repeat(64)}  LaMP_4/x.json\nnonsense\n`);
    expect(() => readSums(path)).toThrow(/sums\.txt:2: not a checksum/);
  });
});

function writeSums(got: readonly { file: string; sha256: string }[]): string {
  const path = join(dir, "sums.txt");
  writeFileSync(path, got.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join(""));
  return path;
}

describe("lampFiles", () => {
  it("knows the movies' folder, the old news', the time and the user split, and that test golds are not public", () => {
    const urls = (task: string, separation: "time" | "user", splits = ["test"]) =>
      lampFiles(task, splits, { separation }).map(({ url }) => url.replace(/^https:.*?\/LaMP\//, ""));
    expect(urls("LaMP_2", "time")).toEqual(["time/LaMP_2/new/test/test_questions.json"]);
    expect(urls("LaMP-2-old", "user")).toEqual(["LaMP_2/test/test_questions.json"]);
    expect(urls("LaMP_7", "time", ["dev"])).toHaveLength(2);
    expect(() => urls("LaMP_6", "time")).toThrow(/LaMP_6 is no task of the site/);
  });
});
