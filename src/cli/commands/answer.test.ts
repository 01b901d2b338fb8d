import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { writeJson, writeJsonl } from "../../core/jsonl.ts";
import { loadTask } from "../../data/task-file.ts";
import type { Engines } from "../../engine/engines.ts";
import type { Engine, SampleRequest } from "../../engine/types.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { CHAIN, NANO } from "../../serve/testing/fake-service.ts";
import type { OpenEngines } from "../app.ts";
import { shell } from "../testing/shell.ts";

const renderer = loadRenderer(NANO);
const refuse = async (): Promise<never> => Promise.reject(new Error("not asked for"));

/** An engine that says the same whatever it is asked; `asked` and `opened` hold what it was. */
function fakeEngines(say: (model: string) => string = () => CHAIN) {
  const asked: SampleRequest[] = [];
  const opened: OpenEngines[] = [];
  let closed = 0;
  const engine: Engine = {
    capabilities: { extensions: {}, gspo: true },
    ...{ train: refuse, embed: refuse, saved: refuse, forget: refuse, export: refuse, close: async () => {} },
    sampler: async (model) => ({
      sample: async (requests) => {
        // One token is no question: the engine is started with it.
        asked.push(...requests.filter(({ params }) => params.maxTokens > 1));
        const tokens = [...renderer.encode(say(model)), renderer.eosIds[0] ?? 0];
        return requests.map(({ numSamples }) =>
          Array.from({ length: numSamples }, () => ({
            tokens,
            logprobs: tokens.map(() => -1),
            stopReason: "stop" as const,
          })),
        );
      },
    }),
  };
  const openEngines = (options: OpenEngines): Engines => {
    opened.push(options);
    return { policy: async () => engine, reward: refuse, embeddings: refuse, close: async () => void closed++ };
  };
  return { openEngines, asked, opened, closed: () => closed };
}

function stand(say?: (model: string) => string, typed: readonly string[] = []) {
  const engines = fakeEngines(say);
  const { cwd, tagpr } = shell({}, { openEngines: engines.openEngines, typed });
  const items = [
    { description: "a film about robots", tag: "action", date: "2023-01-01" },
    { description: "a tale \u001b[31mabout\u0007 spies", tag: "comedy", date: "2024-01-01" },
  ];
  writeFileSync(join(cwd, "items.jsonl"), items.map((item) => JSON.stringify(item)).join("\n"));
  const answer = (...more: string[]) =>
    tagpr("answer", NANO, "--task", "synthetic_tag", "--history", "items.jsonl", ...more);
  return { cwd, tagpr, answer, ...engines };
}

describe("tagpr answer", () => {
  it("shows the items and how they were chosen, the steps by tag, what is false, the answer; commands no terminal", async () => {
    const { answer, opened, closed } = stand();
    const { code, out, err } = await answer("a film about love");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.replace(/\d+\.\d s/, "T")).toBe(
      [
        "2 of 2 items shown, oldest first, chosen by recency (k = 8)",
        "  2023-01-01 [1] a film about robots | tag: action",
        "  2024-01-01 [2] a tale \\u001b[31mabout\\u0007 spies | tag: comedy",
        "",
        "examine_examples  ✗ [1] is comedy (item 1 is action, not comedy)",
        "make_decision     so comedy",
        "answer comedy",
        "",
        "148 prompt tokens, 20 new, T",
        "",
        "",
      ].join("\n"),
    );
    // Nothing is left behind, and nothing was measured for one answer.
    expect(existsSync(opened[0]?.run ?? "")).toBe(false);
    expect(opened[0]?.config.engines.policy.dtype).toBe("float32");
    expect(closed()).toBe(1);
  });

  it("says of a model that only the hub has that --no-download keeps it there", async () => {
    const { tagpr } = stand();
    const ask = ["nobody/none", "--task", "synthetic_tag", "--no-download"];
    for (const argv of [
      ["answer", ...ask, "a film"],
      ["serve", ...ask, "--port", "0"],
    ])
      expect(await tagpr(...argv)).toMatchObject({
        code: 2,
        err: expect.stringMatching(/nobody\/none is not on this machine\n {2}Leave --no-download out/),
      });
  });

  it("gives the engine as many threads as it is told", async () => {
    const { answer, opened } = stand();
    await answer("a film about love", "--threads", "1");
    expect(opened[0]?.config.engines.policy.threads).toBe(1);
  });

  it("as JSON: one line an answer of each model", async () => {
    const { answer } = stand();
    const { out } = await answer("a film about love", "--json", "--samples", "2");
    const line = JSON.parse(out) as Record<string, unknown>;
    expect(line).toMatchObject({
      ...{ model: "nano", query: "a film about love", shown: { items: [{ number: 1 }, { number: 2 }] } },
      choices: [{ answer: "comedy", content: "comedy", tags: ["examine_examples", "make_decision"] }, { index: 1 }],
    });
  });

  it("draws samples at a temperature, and counts the answers", async () => {
    const { answer, asked } = stand();
    expect((await answer("a film", "--samples", "3", "--seed", "5")).out).toContain("3 samples: comedy × 3");
    await answer("a film", "--max-tokens", "9");
    expect(asked).toMatchObject([
      { numSamples: 3, seed: 5, params: { temperature: 1, maxTokens: 512 } },
      { numSamples: 1, params: { temperature: 0, maxTokens: 9 } },
    ]);
  });

  it("is a dialogue, line by line: an answer is a turn of the next question, a wrong one ends nothing", async () => {
    const { answer, asked } = stand(undefined, ["a film about love", "", "/new", "one about war", "and another"]);
    const { code, out } = await answer("--chat");
    expect([code, out.match(/^answer comedy$/gm)?.length]).toEqual([0, 3]);
    const prompts = asked.map(({ prompt }) => renderer.decode(prompt));
    expect(prompts[1]).not.toContain("love");
    expect(prompts[2]).toMatch(/one about war.*comedy.*another/s);
  });

  it.each([
    [["answer", NANO, "a film"], /does not say what task it is asked/],
    [["answer", NANO, "--task", "synthetic_tag"], /nothing is asked/],
    [["answer", NANO, "x", "--chat", "--task", "synthetic_tag"], /takes no query/],
    [["answer", NANO, "x", "--task", "synthetic_tag", "--user", "ann"], /no data to find their history/],
    [["answer", NANO, "x", "--task", "synthetic_tag", "--data", "."], /no user of it/],
    [["answer", NANO, "x", "--task", "synthetic_tag", "--history", "items.jsonl", "--user", "u"], /are two histories/],
    [["answer", NANO, "x", "--task", "LaMP_1", "--history", "items.jsonl"], /has no title/],
    [["answer", NANO, "x", "--task", "LaMP_1"], /is no input of LaMP_1: it is with fewer than/],
    [["answer", "nowhere", "x"], /nowhere/],
    [["answer", NANO, "x", "--task", "synthetic_tag", "--compare"], /is a base model itself/],
    [["serve", NANO], /does not say what task it is asked/],
  ])("%j is a sentence", async (line, says) => {
    const { tagpr } = stand();
    const { code, err } = await tagpr(...line);
    expect(err).toMatch(says);
    expect([2, 3]).toContain(code);
  });
});

describe("of a run", () => {
  it("asks the furthest model with a user of its evaluation, and the base beside it", async () => {
    const { cwd, tagpr, opened } = stand((model) =>
      model.startsWith("tinker://") ? CHAIN : "<think>so</think>action",
    );
    const run = join(cwd, "mine");
    writeJson(join(run, "run.json"), { tagpr: "0", config: configSchema.parse({ model: NANO }) });
    writeJson(join(run, "data", "tasks.json"), [loadTask("synthetic_tag")]);
    writeJson(join(run, "chains", "tags.json"), { tags: ["examine_examples", "make_decision"] });
    const path = "tinker://m/sampler_weights/best";
    writeJson(join(run, "sft", "model.json"), { path, step: 1, score: null, state: null, made_by: "k" });
    const shown = [{ id: "p1", date: "2020-01-01", fields: { description: "a film about robots", tag: "action" } }];
    const example = { task: "synthetic_tag", id: "q", user: "ann", input: "?", gold: null, shown, historyItems: 9 };
    writeJsonl(join(run, "data", "test.jsonl"), [example]);
    const { code, out, err } = await tagpr("answer", "mine", "--user", "ann", "--compare", "a film about love");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/1 of 1 items shown.*mine\n.*answer comedy.*mine-base\n.*answer action/s);
    expect(opened[0]?.run).toBe(run);
    expect(existsSync(run)).toBe(true);
    const stranger = await tagpr("answer", "mine", "--user", "bob", "a film");
    expect([stranger.code, stranger.err]).toMatchObject([2, expect.stringMatching(/no user "bob".*\n.*ann/)]);
  });
});
