import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RUN_FORMAT } from "../core/format.ts";
import { readRun } from "./read-run.ts";
import { NASTY, writeMadeUpRun } from "./testing/made-up-run.ts";
import { writeReport } from "./write-report.ts";

const IDS = ["result", "training", "prmu", "reasoning", "cases", "chains", "method", "files"];
const made: string[] = [];
const folder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), "tagpr-report-"));
  made.push(dir);
  return dir;
};
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

describe("writeReport on a whole run", () => {
  const run = folder();
  let page = "";
  beforeAll(async () => {
    writeMadeUpRun(run, 60);
    page = readFileSync(await writeReport(run), "utf8");
  });

  it("has every section, each with its heading, and says that it is synthetic", () => {
    const { document } = parseHTML(page);
    expect([...document.querySelectorAll("h2")].map((heading) => heading.id)).toEqual(IDS);
    expect(document.querySelector(".badge")?.textContent).toContain("synthetic");
    expect(page).not.toContain("not run");
  });

  it("escapes what models and users wrote: no script but its own, no foreign element", () => {
    const { document } = parseHTML(page);
    expect(page).not.toContain(NASTY);
    expect(page).toContain("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
    expect(document.querySelectorAll("script")).toHaveLength(1);
    expect(document.querySelectorAll("img")).toHaveLength(0);
  });

  it("says what looked like reward hacking, and at which batch", () => {
    const { document } = parseHTML(page);
    const items = [...document.querySelectorAll("#training ~ ul li")].map((item) => item.textContent);
    expect(items).toContainEqual(expect.stringMatching(/^Batch 40: Responses grew & grew <b>\.$/));
  });

  it("is one self-contained file: nothing is fetched", () => {
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
    expect(page).not.toMatch(/@import|url\(/);
    expect(page).toContain("default-src 'none'");
  });

  it("closes every element it opens", () => {
    const stack: string[] = [];
    const bare = page.replace(/<(style|script)>[\s\S]*?<\/\1>/g, "");
    for (const [, slash, name = "", rest = ""] of bare.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:[^>"]|"[^"]*")*)>/g)) {
      if (["meta", "br"].includes(name) || rest.endsWith("/")) continue;
      if (slash === "/") expect(stack.pop()).toBe(name);
      else stack.push(name);
    }
    expect(stack).toEqual([]);
  });

  it("says in its first sentences how many answers rest on a true statement, and that this is the aim", () => {
    const lead = parseHTML(page).document.querySelector(".lead")?.textContent;
    expect(lead).toMatch(/that statement is true in \d+%.*; the aim is 95%: (reached|missed)\./);
  });

  it("shows the numbers of result.json and nothing rounder", () => {
    const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    for (const row of result.rows) expect(page).toContain(`<strong>${row.score.toFixed(3)}</strong>`);
    expect(page).toContain("Ceiling: query and shown items");
  });

  it("every picture has words for those who can't see it, every table a caption", () => {
    const { document } = parseHTML(page);
    for (const svg of document.querySelectorAll("figure svg")) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")?.length).toBeGreaterThan(20);
    }
    for (const table of document.querySelectorAll("table"))
      expect(table.querySelector("caption")?.textContent).toBeTruthy();
  });

  it("writes each plot as SVG without variables, and as PNG", () => {
    const files = readdirSync(join(run, "report/plots"));
    expect(files).toContain("differences-synthetic_tag.png");
    expect(files.filter((file) => file.endsWith(".svg"))).toHaveLength(files.length / 2);
    for (const file of files.filter((name) => name.endsWith(".svg"))) {
      const svg = readFileSync(join(run, "report/plots", file), "utf8");
      expect(svg).not.toMatch(/var\(|currentColor|NaN/);
      expect(svg).toContain('xmlns="http://www.w3.org/2000/svg"');
    }
    const png = readFileSync(join(run, "report/plots/differences-synthetic_tag.png"));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
  });

  it("says whether the reward model is accepted, beside rules and on planted faults, and draws its calibration", () => {
    const { document } = parseHTML(page);
    const heading = document.getElementById("prmu");
    const text = heading?.closest("section")?.textContent ?? "";
    for (const part of ["Not accepted", "by length alone", "another user's items", "Calibration"])
      expect(text).toContain(part);
    expect(text).toContain("+0.250");
    expect(readdirSync(join(run, "report/plots"))).toContain("prmu-calibration.svg");
  });

  it("draws the reward model's held-out accuracy beside its training", () => {
    expect(page).toMatch(/PRMU, Share of pairs ranked right .*: train from .*; PRP from .* at step 0 to .* at step 60/);
    expect(page).toMatch(/; PQP from .* at step 0 to/);
  });

  it("colours the steps of a chain by their tags", () => {
    const { document } = parseHTML(page);
    const step = document.querySelector(".case .step.t0 .tag");
    expect(step?.textContent).toBe("analyze_input");
  });
});

describe("writeReport on less than a run", () => {
  it("says what has not run", async () => {
    const run = folder();
    const page = readFileSync(await writeReport(run), "utf8");
    const { document } = parseHTML(page);
    expect([...document.querySelectorAll("h2")].map((heading) => heading.id)).toEqual(IDS);
    for (const what of [
      "Evaluation: not run",
      "PRMU: not run",
      "Chains: not run",
      "Guided RL (all five rewards): not run",
    ])
      expect(page).toContain(what);
  });

  it("says where what was trained was not handed on, with both scores", async () => {
    const run = folder();
    mkdirSync(join(run, "sft"));
    const dev = { start: { score: 0.25 }, trained: { score: 0.125 } };
    writeFileSync(join(run, "run.json"), JSON.stringify({ format: RUN_FORMAT, config: {} }));
    writeFileSync(join(run, "sft/stage.json"), JSON.stringify({ key: "k", seconds: 1, outputs: {} }));
    writeFileSync(
      join(run, "sft/model.json"),
      JSON.stringify({ path: "base", step: 0, guard: { kept: "start", step: 6, dev } }),
    );
    const page = readFileSync(await writeReport(run), "utf8");
    expect(page).toMatch(/Not handed on:<.strong> the weights of step 6 score 0\.125\s.*began with 0\.250/);
  });

  it("a line that is being written is left out; a broken one is named", async () => {
    const run = folder();
    writeMadeUpRun(run, 4);
    const path = join(run, "sft/metrics.jsonl");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, `${text}{"kind":"tra`);
    expect(existsSync(await writeReport(run))).toBe(true);
    writeFileSync(path, `{"kind":\n${text}`);
    await expect(writeReport(run)).rejects.toThrow(/metrics\.jsonl:1: not JSON/);
  });

  it("a folder that isn't there is a clear error", async () => {
    await expect(writeReport("/nowhere/at/all")).rejects.toThrow(/no such run directory/);
  });
});

it("an evaluation of format 2 is read with the names that methods have now", () => {
  const run = folder();
  writeMadeUpRun(run, 4);
  const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8").replaceAll("sft-r", "sft"));
  writeFileSync(join(run, "result.json"), JSON.stringify({ format: 2, ...result }));
  renameSync(join(run, "eval", "sft-r.jsonl"), join(run, "eval", "sft.jsonl"));
  writeFileSync(join(run, "eval", "begun.json"), JSON.stringify({ format: 2, key: "k", seconds: 0, files: [] }));
  const { predictions, result: read } = readRun(run);
  expect([...predictions.keys()]).toContain("sft-r");
  expect([...predictions.keys()]).not.toContain("sft");
  expect(read?.rows.map(({ method }) => method)).toContain("sft-r");
  expect(Object.keys(read?.details ?? {})).toContain("sft-r");
});
