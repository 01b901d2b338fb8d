/**
 * Many predictions, read, compared and reported: 20,000 queries × 20 methods as `tagpr suite` finds them, made up.
 *
 *     npx tsx bench/suite-large.ts [FOLDER]      # QUERIES=2000 for a smaller one
 *
 * Six kinds and the pages of answers took 73.7 s and .35 GB on two cores at a load of 11 (2026-11-30).
 */

import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configSchema } from "../src/core/config/schema.ts";
import { RUN_FORMAT } from "../src/core/format.ts";
import { writeJson } from "../src/core/jsonl.ts";
import { stream } from "../src/core/random.ts";
import { loadTask } from "../src/data/task-file.ts";
import { METHODS } from "../src/methods/index.ts";
import { answersPage, writeAnswerPages } from "../src/suites/answer-pages.ts";
import { openEvaluation } from "../src/suites/evaluation.ts";
import { kindsOf } from "../src/suites/kinds/index.ts";
import { suiteSchema } from "../src/suites/schema.ts";
import { writeSuite } from "../src/suites/write.ts";

const QUERIES = Number(process.env.QUERIES ?? 20_000);
const STEPS = ["analyze_input", "examine_examples", "make_decision"]
  .map((tag) => `<${tag}>${"The user called a similar film so before. ".repeat(6)}</${tag}>`)
  .join("");
const NAMES = METHODS.map(({ name }) => name)
  .filter((name) => !name.startsWith("model"))
  .slice(0, 20);
/** Those that are made of one evaluation's answers alone. */
const SHOW = ["main", "efficiency", "content", "users", "cost", "grounding"];
const dir = process.argv[2] ?? join(tmpdir(), `suite-large-${QUERIES}`);

if (!existsSync(join(dir, "result.json"))) await make();
const before = performance.now();
const evaluation = openEvaluation(dir, { id: "own+seed-0" });
const suite = suiteSchema.parse({ config: "made up", show: SHOW });
const report = join(dir, "report");
const pages = await writeAnswerPages(report, evaluation, { run: dir, redact: false });
await writeSuite({
  ...{ kinds: kindsOf(SHOW), dir: report, redact: false, facts: [] },
  linkOf: (lead) => (pages.has(answersPage(lead)) ? answersPage(lead) : null),
  given: { suite, methods: NAMES, evaluations: () => [evaluation] },
});
const seconds = (performance.now() - before) / 1000;
const gigabytes = process.resourceUsage().maxRSS / 1e6;
console.log(
  JSON.stringify({
    queries: QUERIES,
    methods: NAMES.length,
    seconds: Math.round(seconds * 10) / 10,
    gigabytes: Math.round(gigabytes * 100) / 100,
  }),
);

/** A LaMP-2-like task: answers of some 800 characters, two queries a user. */
async function make(): Promise<void> {
  const task = loadTask("LaMP_2");
  mkdirSync(join(dir, "eval"), { recursive: true });
  writeJson(join(dir, "run.json"), {
    tagpr: "0",
    node: "",
    platform: "",
    revision: null,
    seed: 0,
    argv: [],
    config: configSchema.parse({}),
  });
  writeJson(join(dir, "data", "tasks.json"), [task]);
  for (const [m, method] of NAMES.entries()) {
    const file = createWriteStream(join(dir, "eval", `${method}.jsonl`));
    for (let q = 0; q < QUERIES; q++) {
      const random = stream("large", method, q);
      const gold = stream("gold", q).pick(task.labels);
      const answer = random.next() < 0.3 + 0.02 * m ? gold : random.pick(task.labels);
      const score = answer === gold ? 1 : 0;
      const response = `<think>${STEPS}</think>${answer}`;
      const row = {
        ...{
          task: task.name,
          query: `q${q}`,
          user: `u${Math.floor(q / 2)}`,
          gold,
          response,
          tokens: 200,
          truncated: false,
        },
        ...{ strict: answer, lenient: answer, strictScore: score, lenientScore: score },
        truth: { stated: 8, wrong: random.int(3), deciding: random.next() < 0.7 },
        cost: { promptTokens: 300, sampledTokens: 200, responses: 1 },
      };
      if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, "drain");
    }
    file.end();
    await once(file, "close");
  }
  const rows = NAMES.map((method) => ({ method, score: 0, low: null, high: null, n: QUERIES }));
  writeJson(join(dir, "result.json"), {
    format: RUN_FORMAT,
    ...{ task: task.name, metric: task.metric, higher_is_better: true, rows, paired: [], seed: 0, seconds: 0 },
    ...{ reading: "lenient", synthetic: true, details: {} },
  });
}
