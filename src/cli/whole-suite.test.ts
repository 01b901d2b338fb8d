import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { readJsonl } from "../core/jsonl.ts";
import { filesBelow } from "../core/run-dir.ts";
import { shell } from "./testing/shell.ts";
import { type Event, killHard, startTagpr, TINY } from "./testing/tiny-run.ts";

const SUITE = `
name: tiny
config: tiny.yaml
set: { data.test: 12, eval.max_tokens: 100, sft.epochs: 1, sft.checkpoint_every: 99, sft.eval_every: 99 }
methods: [zero-shot, rag-r, sft-r]
seeds: [5, 6]
show: [data, main, robustness, efficiency, content, users, cold, cost, swap, grounding, causal]
profiles: { methods: [sft-r], k: [2, 8], retrievers: [recency] }
causal: { queries: 4 }
`;
const dir = mkdtempSync(join(tmpdir(), "whole suite-"));
const [file, out] = [join(dir, "suite.yaml"), join(dir, "out")];

/** Runs the command; killed, engine and all, at the first event that `kill` picks. Answers its exit code, and what it began. */
async function suite(argv: readonly string[], kill: (event: Event) => boolean = () => false) {
  const begun: string[] = [];
  const running = startTagpr(["suite", file, ...argv], (event) => {
    if (event.event === "start") begun.push(event.title ?? "");
    if (kill(event)) killHard(running, "both");
  });
  return { code: await running.ended, begun };
}

/** What is left to do, by the plan. */
async function left(...argv: string[]): Promise<{ queries: number; kept: number; trained: number; stages: string[] }> {
  const { tagpr } = shell();
  const { out: said, err } = await tagpr("suite", file, ...argv, "--dry-run", "--json");
  expect(err).toBe("");
  const { works, total } = JSON.parse(said);
  return { ...total, stages: works.flatMap(({ stages }: { stages: string[] }) => stages) };
}

/** Units of the engine that are kept, by file, as they were written. */
const keptIn = (of: string): Record<string, string> =>
  Object.fromEntries(
    ["5", "6"].flatMap((seed) => {
      const cache = join(of, "runs", `own+seed-${seed}`, "cache");
      return (existsSync(cache) ? filesBelow(cache) : [])
        .filter((name) => /^(answers|scores)\//.test(name))
        .map((name) => [`${seed}/${name}`, readFileSync(join(cache, name), "utf8")]);
    }),
  );

/** Keys of what was asked; those that stand twice were asked twice. */
const askedTwice = (kept: Readonly<Record<string, string>>): string[] =>
  Object.values(kept).flatMap((text) => {
    const keys = text
      .trim()
      .split("\n")
      .flatMap((line) => Object.keys((JSON.parse(line) as { value?: object }).value ?? {}));
    return keys.filter((key, i) => keys.indexOf(key) !== i);
  });

describe("a whole suite of two seeds on the real engine", () => {
  let whenKilled: Record<string, string>;
  let planned: Awaited<ReturnType<typeof left>>[];
  beforeAll(async () => {
    writeFileSync(join(dir, "tiny.yaml"), TINY);
    writeFileSync(file, SUITE);
    const nothing = await left("--out", out);
    // In the first seed's evaluation, after the engine has answered once or twice.
    const killed = await suite(["--out", out], ({ event, title, done }) => {
      return event === "update" && /SFT-R/.test(title ?? "") && /Evaluation/.test(title ?? "") && done === 8;
    });
    expect(killed.code).toBeNull();
    whenKilled = keptIn(out);
    planned = [nothing, await left("--out", out)];
    const { code, begun } = await suite(["--out", out]);
    expect(code).toBe(0);
    expect(begun.filter((title) => /SFT$/.test(title))).toHaveLength(1);
    planned.push(await left("--out", out));
  }, 600_000);

  it("asks no query twice, though it was killed between two answers", () => {
    const kept = keptIn(out);
    expect(Object.keys(kept).length).toBeGreaterThan(Object.keys(whenKilled).length);
    for (const [name, text] of Object.entries(whenKilled)) expect(kept[name]?.startsWith(text)).toBe(true);
    expect(Object.keys(whenKilled).length).toBeGreaterThan(0);
    expect(askedTwice(kept)).toEqual([]);
  });

  it("is planned as it is: less when it was killed, nothing when it is done", () => {
    const [nothing, killed, done] = planned;
    expect(nothing?.stages).toEqual([..."data chains sft data chains sft".split(" ")]);
    expect(killed?.stages).toEqual([..."data chains sft".split(" ")]);
    expect(killed?.queries).toBeLessThan(nothing?.queries ?? 0);
    expect((killed?.queries ?? 0) + (killed?.kept ?? 0)).toBe((nothing?.queries ?? 0) + (nothing?.kept ?? 0));
    expect(done).toMatchObject({ queries: 0, trained: 0, stages: [], sampled: 0 });
  });

  it("writes every form of every table and figure, and no path of this machine", () => {
    const written = filesBelow(out).filter((name) => !/^(runs|cells|weights|shelf)\//.test(name));
    for (const name of ["index.html", "report.md", "tables/tables.tex"]) expect(written).toContain(name);
    const ids = (ending: string): string[] =>
      written.flatMap((name) => (name.endsWith(ending) ? [name.slice(name.indexOf("/") + 1, -ending.length)] : []));
    const tables = ids(".csv");
    for (const id of ["main", "robustness-k", "users", "cold", "cost", "swap", "grounding", "causal"])
      expect(tables).toContain(id);
    expect(
      ids(".tex")
        .filter((id) => id !== "tables")
        .toSorted(),
    ).toEqual(tables.toSorted());
    expect(ids(".svg").length).toBeGreaterThan(3);
    expect(ids(".png").toSorted()).toEqual(ids(".svg").toSorted());
    for (const name of written.filter((one) => one !== "suite.json" && !one.endsWith(".png"))) {
      const text = readFileSync(join(out, name), "utf8");
      expect(text.length).toBeGreaterThan(20);
      expect(text.includes(dir)).toBe(false);
    }
  });

  it("writes LaTeX that compiles where there is a TeX; its tables are whole and as wide as they say", () => {
    const tables = join(out, "tables");
    for (const name of readdirSync(tables).filter((one) => one.endsWith(".tex") && one !== "tables.tex"))
      checkTable(readFileSync(join(tables, name), "utf8"));
    const tex = ["pdflatex", "xelatex", "lualatex"].find((one) => spawnSync(one, ["--version"]).status === 0);
    if (tex === undefined) return;
    const { status, stdout } = spawnSync(tex, ["-halt-on-error", "-interaction=nonstopmode", "tables.tex"], {
      cwd: tables,
      encoding: "utf8",
    });
    expect(status, stdout.slice(-2000)).toBe(0);
  });

  it("takes from a run of --reuse what it has: nothing is trained and nothing asked again", async () => {
    const again = join(dir, "again");
    const runs = ["5", "6"].map((seed) => join(out, "runs", `own+seed-${seed}`));
    const { code, begun } = await suite(["--out", again, "--reuse", ...runs]);
    expect(code).toBe(0);
    expect(begun.filter((title) => /SFT$|Teacher/.test(title))).toEqual([]);
    expect(keptIn(again)).toEqual(keptIn(out));
    const rows = (of: string) => readJsonl(join(of, "cells", "own+seed-6", "eval", "sft-r.jsonl"));
    expect(rows(again)).toEqual(rows(out));
    expect((await left("--out", join(dir, "third"), "--reuse", ...runs)).stages).toEqual([]);
  }, 300_000);
});

/** Environments that end as they begin, braces in pairs, and as many cells a row as there are columns. */
function checkTable(latex: string): void {
  const open: string[] = [];
  for (const [, what, name] of latex.matchAll(/\\(begin|end)\{(\w+)\}/g))
    if (what === "begin") open.push(name ?? "");
    else expect(open.pop()).toBe(name);
  expect(open).toEqual([]);
  const bare = latex.replaceAll(/\\[\\{}&%]/g, (two) => (two === "\\\\" ? two : ""));
  expect(bare.split("{").length).toBe(bare.split("}").length);
  for (const rule of ["toprule", "midrule", "bottomrule"]) expect(latex).toContain(`\\${rule}`);
  const columns = /\\begin\{tabular\}\{([lr]+)\}/.exec(latex)?.[1]?.length ?? 0;
  const body = bare.slice(bare.indexOf("\\toprule"), bare.indexOf("\\bottomrule"));
  for (const row of body.split("\\\\").slice(0, -1)) {
    const spans = [...row.matchAll(/\\multicolumn\{(\d+)\}/g)].reduce((sum, [, n]) => sum + Number(n) - 1, 0);
    expect(row.split("&").length + spans, row).toBe(columns);
  }
}
