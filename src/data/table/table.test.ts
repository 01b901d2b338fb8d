import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Problem, sentence } from "../problem.ts";
import { readRows } from "../rows.ts";
import { ENCODED } from "../testing/encoded.ts";
import type { Row, TableOptions } from "./options.ts";

const dir = mkdtempSync(join(tmpdir(), "table-"));
let count = 0;

/** Rows of a file with these bytes, what was told, and what was left out. */
async function read(name: string, bytes: string | Uint8Array, options: TableOptions = {}) {
  const path = join(dir, `${count++}-${name}`);
  writeFileSync(path, bytes);
  const [rows, notes, problems]: [Row[], string[], Problem[]] = [[], [], []];
  const own = { onNote: (note: string) => notes.push(note), onProblem: (one: Problem) => problems.push(one) };
  for await (const row of readRows(path, { ...own, ...options })) rows.push(row);
  return { rows, notes, problems: problems.map((one) => sentence(one).replace(path, name)) };
}

const csv = (texts: readonly string[]): string =>
  ["who,said,n", ...texts.map((text, i) => `p${i % 3},"${text}",${i}`)].join("\n");

describe("encodings", () => {
  it.each(Object.entries(ENCODED))("%s is found, and can be named", async (name, { texts, base64 }) => {
    const lines = Buffer.from(base64, "base64").toString("latin1").split("\n");
    const bytes = Buffer.from(csv([...lines, ...lines]), "latin1");
    const found = await read("a.csv", bytes);
    expect(found.rows.map(({ said }) => said)).toEqual([...texts, ...texts]);
    expect(found.notes).toEqual([expect.stringContaining(`read as ${name}, a guess`)]);
    const named = await read("a.csv.gz", gzipSync(bytes), { encoding: name });
    expect(named.rows).toEqual(found.rows);
    expect(named.notes).toEqual([]);
  });

  it("UTF-16 of both orders, with a mark and without, in CSV, JSON Lines and JSON", async () => {
    const texts = ["café", "茶が好き", "plain"];
    const tables = { "a.csv": csv(texts), "a.jsonl": texts.map((said) => JSON.stringify({ said })).join("\n") };
    for (const [name, text] of Object.entries({ ...tables, "a.json": JSON.stringify(texts.map((said) => ({ said }))) }))
      for (const mark of ["\ufeff", ""])
        for (const swap of [false, true]) {
          const bytes = Buffer.from(mark + text, "utf16le");
          const { rows } = await read(name, swap ? bytes.swap16() : bytes);
          expect(rows.map(({ said }) => said)).toEqual(texts);
        }
  });

  it("law: UTF-8 with a mark or without is read as it is, never guessed at", async () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 }).map((one) => one.replace(/["\r\n\ufeff]/g, "·"));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), fc.boolean(), async (texts, mark) => {
        const { rows, notes } = await read("a.csv", `${mark ? "\ufeff" : ""}${csv(texts)}`);
        expect(rows.map(({ said }) => said)).toEqual(texts);
        expect(notes).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it("what can't be told is asked, with the line; a damaged line is told with its place, and left out", async () => {
    const doubtful = Buffer.from(csv(["plain", "na\xefve"]), "latin1");
    await expect(
      read("a.csv", Buffer.concat([doubtful, Buffer.from("\np1,\xb3\xb9\xfe,9", "latin1")])),
    ).rejects.toThrow(/line 3 is not UTF-8/);
    const damaged = Buffer.concat([
      Buffer.from(`${csv(["märchen", "straße", "größe"])}\np0,"wei\xdf`),
      Buffer.from([0xff]),
      Buffer.from('",9\np1,"ende",10'),
    ]);
    const { rows, problems } = await read("a.csv", damaged);
    expect(rows.map(({ said }) => said)).toEqual(["märchen", "straße", "größe", "ende"]);
    expect(problems).toEqual([
      expect.stringMatching(/^a\.csv: line 5: bytes that are no UTF-8 \(byte 10 of the line\)$/),
    ]);
    await expect(
      read("a.csv", damaged, {
        onProblem: (problem) => {
          throw new Error(sentence(problem));
        },
      }),
    ).rejects.toThrow(/line 5/);
  });

  it("an encoding that doesn't exist, and one that doesn't fit", async () => {
    await expect(read("a.csv", csv(["a", "b"]), { encoding: "utf-9" })).rejects.toThrow(/"utf-9" is no encoding/);
    const bytes = Buffer.from(csv(["ok", "\xff\xff"]), "latin1");
    await expect(read("a.csv", bytes, { encoding: "euc-kr" })).rejects.toThrow(/is not euc-kr in all its bytes/);
  });
});

describe("delimiters and headers", () => {
  const rows = [
    { who: "ann", said: "one; two, three", n: "1,5" },
    { who: "bob", said: "four | five", n: "2" },
    { who: "cid", said: "six, seven", n: "3,25" },
  ];
  const quote = (text: string): string => `"${text}"`;

  it.each([[";"], ["\t"], ["|"], [","]])("%j is found, whatever the file is called", async (delimiter) => {
    const lines = [Object.keys(rows[0] ?? {}), ...rows.map((row) => Object.values(row))];
    const text = lines.map((cells) => cells.map(quote).join(delimiter)).join("\r\n");
    for (const name of ["a.csv", "a.tsv", "a.txt"]) expect((await read(name, text)).rows).toEqual(rows);
  });

  it(":: has no quotes; a delimiter can be named; one column is refused with the flag", async () => {
    const text = 'a::b::c\n1::"Great" film::5\n2::So "so"::3';
    expect((await read("m.dat", text)).rows).toEqual([
      { a: "1", b: '"Great" film', c: "5" },
      { a: "2", b: 'So "so"', c: "3" },
    ]);
    expect((await read("a.csv", "a~b\n1~2\n3~4", { delimiter: "~" })).rows).toEqual([
      { a: "1", b: "2" },
      { a: "3", b: "4" },
    ]);
    const error = await read("a.csv", "a~b\n1~2\n3~4").catch((one: unknown) => one);
    expect(error).toMatchObject({ hint: expect.stringContaining("--delimiter") });
  });

  it("no header is told; --columns names them, --header insists", async () => {
    const text = "17,3,2020-01-01\n18,4,2020-01-02\n17,5,2020-01-03";
    await expect(read("a.csv", text)).rejects.toThrow(
      /has no header: in its first row, 17 \| 3 \| 2020-01-01, "17" is a value like/,
    );
    const named = await read("a.csv", text, { columns: ["u", "g", "d"] });
    expect(named.rows).toHaveLength(3);
    expect(named.rows[0]).toEqual({ u: "17", g: "3", d: "2020-01-01" });
    expect((await read("a.csv", text, { header: true })).rows[0]).toEqual({
      17: "18",
      3: "4",
      "2020-01-01": "2020-01-02",
    });
    await expect(read("a.csv", text, { columns: ["u"] })).rejects.toThrow(/--columns names 1 columns, .* has 3/);
    await expect(read("b.csv", "ann,good\nbob,bad\ncid,good\ndee,good")).rejects.toThrow(/"good" stands in rows below/);
  });

  it("two columns of one name are refused; columns without a name are left out with a word", async () => {
    await expect(read("a.csv", "a,b,a\n1,2,3")).rejects.toThrow(/two columns are called "a"/);
    const index = await read("a.csv", "Unnamed: 0,a\n0,x\n1,y");
    expect(index).toMatchObject({ rows: [{ a: "x" }, { a: "y" }], notes: [expect.stringMatching(/pandas' index/)] });
    const nameless = await read("a.csv", "a,,b\nx,y,z\nu,v,w");
    expect(nameless).toMatchObject({
      rows: [
        { a: "x", b: "z" },
        { a: "u", b: "w" },
      ],
      notes: [expect.stringMatching(/column 2 has no name/)],
    });
  });

  it("law: every name comes back as the column's", async () => {
    const name = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.constantFrom("__proto__", "constructor", "toString", "{}", "a:b"),
    );
    const names = fc.uniqueArray(
      name.filter((one) => one.trim() !== "" && !/^[-+\d]/.test(one)),
      { minLength: 2, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(names, async (columns) => {
        const head = columns.map((one) => `"${one.replaceAll('"', '""')}"`).join(",");
        const {
          rows: [row = {}],
        } = await read("a.csv", `${head}\n${columns.map((_, i) => `v${i}`).join(",")}`);
        expect(Object.entries(row).sort()).toEqual(columns.map((one, i) => [one, `v${i}`]).sort());
      }),
      { numRuns: 60 },
    );
  });
});

describe("bad lines", () => {
  it("are told with their line and kind, and no other line goes with them", async () => {
    const text = [
      "a,b,c",
      "1,2,3",
      "4,5",
      '6,"he said "no" twice",7',
      '8,"never closed,9',
      "10,11,12",
      '13,"two\nlines",14',
      "15,16,17,18",
      '19,5" pipe,20',
    ].join("\n");
    const { rows, problems } = await read("a.csv", text);
    expect(rows.map(({ a, b }) => [a, b])).toEqual([
      ["1", "2"],
      ["10", "11"],
      ["13", "two\nlines"],
      ["19", '5" pipe'],
    ]);
    expect(problems).toEqual([
      "a.csv: line 3: 2 cells where the header has 3",
      "a.csv: line 4: a quote within a quoted cell that is not doubled",
      expect.stringMatching(/^a\.csv: line 5: /),
      "a.csv: line 9: 4 cells where the header has 3",
    ]);
  });

  it("a backslash is an escape where only that makes a cell", async () => {
    const { rows, notes } = await read("a.csv", 'a,b\n1,"say \\"hi\\" now"\n2,"c:\\\\x"');
    expect(rows).toEqual([
      { a: "1", b: 'say "hi" now' },
      { a: "2", b: "c:\\x" },
    ]);
    expect(notes).toEqual([expect.stringContaining("backslash")]);
  });
});

/** One raw block: enough of zstd to be unpacked by any reader. */
function zstd(bytes: Buffer): Buffer {
  const size = bytes.length;
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32LE(size, 5);
  header.writeUIntLE((size << 3) | 1, 9, 3);
  return Buffer.concat([header, bytes]);
}

describe("packed files", () => {
  it.each(["a.csv", "a.jsonl", "a.json"])("%s as gzip and zstd, also under its plain name", async (name) => {
    const rows = Array.from({ length: 9 }, (_, i) => ({ a: `x${i}`, b: `ü${i}` }));
    const text =
      {
        "a.csv": ["a,b", ...rows.map(({ a, b }) => `${a},${b}`)].join("\n"),
        "a.jsonl": rows.map((row) => JSON.stringify(row)).join("\n"),
        "a.json": JSON.stringify(rows),
      }[name] ?? "";
    for (const [ending, bytes] of [
      [".gz", gzipSync(text)],
      [".zst", zstd(Buffer.from(text))],
    ] as const)
      for (const called of [name, name + ending]) expect((await read(called, bytes)).rows).toEqual(rows);
  });

  it("a cut one, and kinds that are not read, are named", async () => {
    await expect(read("a.csv.gz", gzipSync(csv(["a", "b"])).subarray(0, 30))).rejects.toThrow(/not whole gzip/);
    await expect(read("a.csv", "PK\u0003\u0004…")).rejects.toThrow(/a zip archive or a spreadsheet/);
  });
});

describe("JSON in any shape", () => {
  const rows = Array.from({ length: 4 }, (_, i) => ({ key: `k${i}`, who: `p${i % 2}`, text: `text ${i}` }));
  const byKey = <T>(value: (row: (typeof rows)[number]) => T) =>
    Object.fromEntries(rows.map((row) => [row.key, value(row)]));
  const columns = (of: (list: readonly string[]) => unknown) =>
    Object.fromEntries((["key", "who", "text"] as const).map((name) => [name, of(rows.map((row) => row[name]))]));
  const shapes: Record<string, string> = {
    "JSON Lines": rows.map((row) => JSON.stringify(row)).join("\n"),
    "a list": JSON.stringify(rows, null, 1),
    "a wrapped list": JSON.stringify({ version: 2, rows }),
    "a list deep down": JSON.stringify({ response: { hits: rows } }),
    "objects by id": JSON.stringify(byKey((row) => row)),
    "objects by an id of their own": JSON.stringify(byKey(({ who, text }) => ({ who, text }))).replace(/$/, " "),
    "pandas' columns": JSON.stringify(columns((list) => ({ ...list }))),
    "a list a column": JSON.stringify(columns((list) => list)),
    "pandas' split": JSON.stringify({
      columns: ["key", "who", "text"],
      index: [0, 1, 2, 3],
      data: rows.map(({ key, who, text }) => [key, who, text]),
    }),
    "objects one after another": rows.map((row) => JSON.stringify(row, null, 2)).join("\n"),
    "a list of lists": JSON.stringify([["key", "who", "text"], ...rows.map(({ key, who, text }) => [key, who, text])]),
  };

  it.each(Object.entries(shapes))("%s", async (shape, text) => {
    for (const name of ["a.json", "a.jsonl"]) {
      const found = (await read(name, text)).rows;
      expect(shape.endsWith("of their own") ? found.map(({ id: key, ...row }) => ({ key, ...row })) : found).toEqual(
        rows,
      );
    }
  });

  it("one object is one row; NaN as Python writes it is null; a bad line is told", async () => {
    expect((await read("a.json", '{"a": 1, "b": {"c": 2}}')).rows).toEqual([{ a: 1, b: { c: 2 } }]);
    const {
      rows: [row],
      problems,
    } = await read("a.jsonl", '{"a": NaN, "b": "NaN said", "c": -Infinity}\n{"a": }\n{"a": 1}');
    expect(row).toEqual({ a: null, b: "NaN said", c: null });
    expect(problems).toEqual([expect.stringMatching(/^a\.jsonl: line 2: not a JSON line/)]);
    await expect(read("a.jsonl", "{'a': 1}\n{'a': 2}")).rejects.toThrow(/Python's own notation/);
  });
});
