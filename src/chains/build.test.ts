import { expect, test } from "vitest";
import { TagprError } from "../core/errors.ts";
import { silent } from "../core/progress.ts";
import { almanac } from "../data/synthetic/almanac.ts";
import { examples } from "../data/synthetic/examples.ts";
import { scriptedApp } from "../data/synthetic/scripted/server.ts";
import { SHAPES } from "../data/synthetic/shapes.ts";
import { makeWorld } from "../data/synthetic/world.ts";
import { loadTask } from "../data/task-file.ts";
import { makeChatClient } from "../llm/client.ts";
import { readResponse } from "../prompts/response.ts";
import { buildChains } from "./build.ts";
import { alone, CONFIG, fakeModel, MOVIES, movie, simpleCheck } from "./chains.fixture.ts";
import { modelJudge } from "./judge.ts";
import type { BuildChainsOptions } from "./options.ts";
import { rulesJudge } from "./rules/judge.ts";
import { rulesTagger } from "./rules/tagger.ts";
import { modelTagger } from "./tagger.ts";

const letters = async (texts: readonly string[]) =>
  texts.map((text) => Array.from({ length: 26 }, (_, k) => text.split(String.fromCharCode(97 + k)).length - 1));

const thought = (k: number) =>
  `Rebels hide from a government, view ${k}.\nIn the history a lone survivor walks through burnt cities.\nSo it is dystopia.`;
const all = Array.from({ length: 10 }, (_, q) => movie(`q${q}`, `u${q % 5}`, q === 9 ? "comedy" : "dystopia"));

/** A teacher that is right three times in four where the gold is dystopia; judge and tagger by rules. */
function tiny(more: Partial<BuildChainsOptions> = {}) {
  const teacher = fakeModel(
    (_, k) => `<think>\n${thought(k >> 2)}\n</think>\n\n${k % 4 === 3 ? "comedy" : "Answer: dystopia."}`,
  );
  const options: BuildChainsOptions = {
    examples: all,
    tasks: [MOVIES],
    config: { ...CONFIG, held_out: 0.2, review: 3 },
    teachers: [alone(teacher.model)],
    check: simpleCheck,
    judge: rulesJudge(simpleCheck),
    tagger: rulesTagger(),
    embed: letters,
    seed: 1,
    progress: silent,
    ...more,
  };
  return { options, asked: teacher.asked };
}

test("a whole pipeline with a tiny teacher and rules", async () => {
  const { options, asked } = tiny();
  const built = await buildChains(options);
  expect(asked.map(({ n }) => n)).toEqual(all.map(() => 16));
  expect(built.stats).toMatchObject({ queries: 10, rollouts: 160, unreadable: 0, accepted: 9 * 12 + 4, tags: 3 });
  expect(built.rollouts[0]).toMatchObject({ query: "q0", i: 0, answer: "dystopia", score: 1, accepted: true });
  expect(built.tags.tags.toSorted()).toEqual(["analyze_input", "examine_examples", "make_decision"]);
  // The wrong-looking chain of q9 (its answer contradicts it) is right, but the judge drops it.
  expect(new Set(built.chains.map(({ query }) => query))).toEqual(new Set(all.slice(0, 9).map(({ id }) => id)));
  for (const chain of built.chains) {
    expect(readResponse(chain.completion, { task: MOVIES, tags: built.tags.tags })).toMatchObject({
      chainOk: true,
      answer: "dystopia",
    });
    expect(chain.untagged).not.toMatch(/<(?!\/?think>)/);
  }
  expect(built.review).toHaveLength(3);
  expect(built.stats.by).toEqual({ teacher: "fake", judge: "rules", tagger: "rules" });
});

test("at most per_query chains a query, none of them twice", async () => {
  for (const per_query of [1, 2, 3]) {
    const { chains } = await buildChains(tiny({ config: { ...CONFIG, per_query } }).options);
    const own = chains.filter(({ query }) => query === "q0").map(({ completion }) => completion);
    expect(own).toHaveLength(per_query);
    expect(new Set(own).size).toBe(own.length);
  }
});

test("held-out chains are other users' than the training chains", async () => {
  const { chains } = await buildChains(tiny().options);
  const users = (split: string) =>
    new Set(
      chains.filter((chain) => chain.split === split).map(({ query }) => all.find(({ id }) => id === query)?.user),
    );
  const [train, held] = [users("train"), users("held_out")];
  expect(held.size).toBe(1);
  for (const user of held) expect(train.has(user)).toBe(false);
});

test("a chain that fails the format filter makes place for the query's next", async () => {
  const rules = rulesTagger();
  const picky = {
    ...rules,
    tag: async (...[candidates, allowed]: Parameters<typeof rules.tag>) => {
      const segments = await rules.tag(candidates, allowed);
      return segments.map((own, k) => (allowed && candidates[k]?.reasoning.includes("view 1") ? null : own));
    },
  };
  const { chains, stats } = await buildChains(tiny({ tagger: picky }).options);
  expect(stats.tag_unreadable).toBeGreaterThan(0);
  // One task: its counts are those of all.
  const { tagged, tag_unreadable } = stats;
  expect(Object.values(stats.tasks)).toMatchObject([{ tagged, tag_unreadable, format_rejected: 0, chains: 18 }]);
  expect(tagged).toBe(tag_unreadable + 18);
  for (const { id } of all.slice(0, 9)) expect(chains.filter(({ query }) => query === id)).toHaveLength(2);
});

test("gold reaches neither teacher, judge nor tagger", async () => {
  const seen: string[] = [];
  const spy = (reply: string) =>
    fakeModel(({ messages }) => {
      seen.push(JSON.stringify(messages));
      return reply;
    }).model;
  const grades = '{"logical_consistency":5,"factual_accuracy":5,"completeness":5,"conciseness":5}';
  const segments = '[{"from":1,"to":1,"tag":"aa"},{"from":2,"to":2,"tag":"bb"},{"from":3,"to":3,"tag":"cc"}]';
  const answer = `<think>\n${thought(0)}\n</think>\n\ndystopia`;
  const run = (gold: string) =>
    buildChains(
      tiny({
        // Two queries that differ in nothing but their golds.
        examples: [{ ...movie("q0", "u0", "dystopia") }, { ...movie("q1", "u1", gold) }],
        teachers: [alone(spy(answer))],
        judge: modelJudge(spy(grades)),
        tagger: modelTagger(spy(segments)),
      }).options,
    );
  await run("dystopia");
  const before = seen.splice(0).filter((text) => !text.includes("logical_consistency") && text.includes("q1:"));
  await run("twist ending");
  const after = seen.filter((text) => !text.includes("logical_consistency") && text.includes("q1:"));
  expect(after).toEqual(before);
  expect(seen.join("")).not.toContain("twist ending");
});

test.each([
  ["no roll-out is right", { teachers: [alone(fakeModel(() => "hm").model)] }, /160 without a readable answer/],
  ["the judge keeps none", { config: { ...CONFIG, judge_over: 20 } }, /keeps none of 112/],
  ["no chain has the form", { minSteps: 9 }, /too few steps: \d+/],
])("%s: one sentence with the counts", async (_, more, message) => {
  const error = await buildChains(tiny(more).options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TagprError);
  expect(String(error)).toMatch(message);
});

test("a query without gold is named", async () => {
  const unlabelled = { ...movie("q77", "u", ""), gold: null };
  await expect(buildChains(tiny({ examples: [unlabelled] }).options)).rejects.toThrow(/q77/);
});

test("the synthetic world through the scripted server: every step works, and the same again", async () => {
  const world = makeWorld(2);
  const app = scriptedApp(almanac(world));
  const task = loadTask("synthetic_tag");
  const shown = [...examples(world, SHAPES.tag, { split: "train", users: 60 })].map((one) => ({
    ...one,
    ...{ shown: one.profile.slice(-8), historyItems: one.profile.length },
  }));
  const run = () => {
    const model = (role: string) =>
      makeChatClient({
        role,
        url: "http://scripted/v1",
        key: "",
        model: role,
        fetch: async (url, init) => app.request(String(url), init),
      });
    return buildChains({
      ...tiny().options,
      examples: shown,
      tasks: [task],
      teachers: [alone(model("teacher"), 512)],
      check: simpleCheck,
      judge: modelJudge(model("judge")),
      tagger: modelTagger(model("tagger")),
    });
  };
  const built = await run();
  expect(await run()).toEqual(built);
  const { stats } = built;
  expect(stats.rollouts).toBe(960);
  expect(stats.accepted / stats.rollouts).toBeGreaterThan(0.25);
  expect(stats.kept).toBeLessThan(stats.accepted);
  expect(stats.tags).toBe(9);
  expect(stats.queries_with_chains).toBeGreaterThan(35);
  for (const { completion } of built.chains)
    expect(readResponse(completion, { task, tags: built.tags.tags })).toMatchObject({
      formatOk: true,
      chainOk: true,
      tagsAllowed: true,
    });
});

test("prompts that are refused, always fail or come broken are outcomes, counted; the rest goes on", async () => {
  const world = makeWorld(2);
  const app = scriptedApp(almanac(world));
  const task = loadTask("synthetic_tag");
  const shown = [...examples(world, SHAPES.tag, { split: "train", users: 40 })].map((one) => ({
    ...one,
    ...{ shown: one.profile.slice(-8), historyItems: one.profile.length },
  }));
  const bad = new Map(shown.slice(0, 6).map(({ input }, i) => [input, i % 3]));
  const said: string[] = [];
  const model = (role: string) =>
    makeChatClient({
      ...{
        role,
        url: "http://scripted/v1",
        key: "",
        model: role,
        sleep: async () => {},
        say: (line) => said.push(line),
      },
      fetch: async (url, init) => {
        const { messages } = JSON.parse(init.body) as { messages: { content: string }[] };
        const kind =
          role === "teacher" ? [...bad].find(([input]) => messages.at(-1)?.content.includes(input))?.[1] : undefined;
        if (kind === 0) return Response.json({ error: { message: "flagged by the content filter" } }, { status: 400 });
        if (kind === 1) return Response.json({ error: { message: "worker died" } }, { status: 500 });
        if (kind === 2) return new Response('{"choices": [{"mess');
        return app.request(url, { ...init });
      },
    });
  const { stats } = await buildChains({
    ...tiny().options,
    ...{ examples: shown, tasks: [task], teachers: [alone(model("teacher"), 512)], check: simpleCheck },
    ...{ judge: modelJudge(model("judge")), tagger: modelTagger(model("tagger")) },
  });
  expect(stats).toMatchObject({
    queries: 40,
    refused: 2,
    failed: 4,
    rollouts: 16 * 34,
    judge_failed: 0,
    tag_failed: 0,
  });
  expect(stats.chains).toBeGreaterThan(20);
  expect(said.at(-1)).toMatch(/6 of 40 requests got no whole answer/);
});
