import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configSchema } from "../core/config/schema.ts";
import { wordsOf } from "../core/words.ts";
import { loadTask } from "../data/task-file.ts";
import { readResponse } from "../prompts/response.ts";
import { computeRewards, type RewardInput } from "./compute.ts";
import { explainRewards } from "./explain.ts";
import { personalizationReward } from "./personalization.ts";
import { countNgrams, repetitionReward } from "./repetition.ts";
import { tagChecks, tagReward } from "./tag.ts";
import { verifiableReward } from "./verifiable.ts";
import { type RlStage, SIGNALS, weightsOf } from "./weights.ts";

const [movies, stars, headline] = [loadTask("LaMP_2"), loadTask("LaMP_3"), loadTask("LaMP_4")];
const chinese = { ...headline, language: "zh" as const };
const tags = ["analyze_input", "examine_examples", "make_decision"];
const whole = configSchema.parse({});
const config = whole.rewards;
const stageWeights = (stage: RlStage) => weightsOf({ rewards: config, stage, own: whole[stage].rewards }, "LaMP_2");
const good =
  "<think>\n<analyze_input>A film about war.</analyze_input>\n<examine_examples>Two like it were comedies.</examine_examples>\n<make_decision>So it is one.</make_decision>\n</think>\n\ncomedy";
const input = (text: string, more: Partial<RewardInput> = {}): RewardInput => ({
  task: movies,
  gold: "comedy",
  text,
  truncated: false,
  tags,
  config,
  weights: stageWeights("guided"),
  ...more,
});

describe("verifiable", () => {
  it("is equality for classes", () => {
    expect(["comedy", "dystopia", null].map((a) => verifiableReward(movies, "comedy", a))).toEqual([1, 0, 0]);
  });
  it("falls linearly with distance for grades", () => {
    expect(["1", "2", "5"].map((a) => verifiableReward(stars, "1", a))).toEqual([1, 0.75, 0]);
    expect(() => verifiableReward(stars, "7", "1")).toThrow(/gold "7" is none of/);
  });
  it("is the mean of ROUGE-1 and ROUGE-L for texts, Chinese by character", () => {
    expect(verifiableReward(headline, "the cat sat", "the cat sat")).toBe(1);
    // 1 of 2 words each way, in both metrics
    expect(verifiableReward(headline, "red house", "red car")).toBeCloseTo(0.5, 12);
    // all words, wrong order: ROUGE-1 is 1, ROUGE-L 1/2
    expect(verifiableReward(headline, "a b", "b a")).toBeCloseTo(0.75, 12);
    expect(verifiableReward(chinese, "很好吃", "很难吃")).toBeCloseTo(2 / 3, 12);
  });
  it("stays in [0, 1]", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string({ minLength: 1 }),
        fc.constantFrom(headline, chinese),
        (gold, answer, task) => {
          const r = verifiableReward(task, gold, answer);
          expect(r).toBeGreaterThanOrEqual(0);
          expect(r).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("repetition", () => {
  it("is 0 for texts without an n-gram and for texts without repetition", () => {
    expect(repetitionReward("one two three", 4)).toBe(0);
    expect(repetitionReward("one two three four five", 4)).toBe(0);
  });
  it("matches hand counts", () => {
    // a b c d e a b c d: 6 four-grams, abcd twice
    expect(countNgrams("a b c d e a b c d", 4)).toEqual({ distinct: 5, all: 6 });
    expect(repetitionReward("a b c d e a b c d", 4)).toBeCloseTo(-1 / 6, 12);
    expect(repetitionReward("go go go go go go", 4)).toBeCloseTo(-2 / 3, 12);
  });
  it("counts Chinese by character", () => {
    expect(wordsOf("很好吃，GPT4 推荐")).toEqual(["很", "好", "吃", "gpt4", "推", "荐"]);
    expect(wordsOf("给5分因为 用iPhone手机")).toEqual(["给", "5", "分", "因", "为", "用", "iphone", "手", "机"]);
    // 味道很好味道很好: 5 four-grams, one twice
    expect(repetitionReward("味道很好味道很好", 4)).toBeCloseTo(-1 / 5, 12);
  });
  it("leaves markup out and never reaches across steps, but counts a step that comes again", () => {
    const step = (text: string): string => `<analyze_input>${text}</analyze_input>`;
    expect(countNgrams(`${step("a b c")}${step("d e f")}`, 4).all).toBe(0);
    expect(repetitionReward(`<think>${step("a b c d")}${step("a b c d")}</think>x`, 4)).toBe(-0.5);
    expect(repetitionReward(good, 4)).toBe(0);
  });
  it("treats Chinese characters as other scripts' words: n-grams are counted by character, spaces and punctuation aside", () => {
    const han = [..."味道很好吃"];
    const spelt = fc.array(fc.nat({ max: han.length - 1 }), { maxLength: 25 });
    fc.assert(
      fc.property(spelt, fc.integer({ min: 1, max: 5 }), fc.constantFrom("", " ", "，"), (indices, n, between) => {
        const chineseText = indices.map((i) => han[i]).join(between);
        const english = indices.map((i) => `word${i}`).join(" ");
        expect(countNgrams(chineseText, n)).toEqual(countNgrams(english, n));
        expect(repetitionReward(chineseText, n)).toBe(repetitionReward(english, n));
      }),
    );
  });
  it("is 0 exactly where every n-gram is new", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "吃", "好"), { maxLength: 20 })
      .map((words) => words.join(" "));
    fc.assert(
      fc.property(text, (t) => {
        const { distinct, all } = countNgrams(t, 4);
        expect(repetitionReward(t, 4) === 0).toBe(distinct === all);
      }),
    );
  });
  it("stays in (−1, 0], and saying a text twice never helps", () => {
    const text = fc.array(fc.constantFrom("a", "b", "吃", "好"), { maxLength: 30 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 5 }), (t, n) => {
        const once = repetitionReward(t, n);
        expect(once).toBeGreaterThan(-1);
        expect(once).toBeLessThanOrEqual(0);
        expect(repetitionReward(`${t}<x>${t}`, n)).toBeLessThanOrEqual(once);
      }),
    );
  });
});

describe("format and tags", () => {
  const checks = (text: string) => tagChecks(readResponse(text, { task: movies, tags }), 3);
  it("pass on a clean response", () => {
    expect(computeRewards(input(good))).toMatchObject({ verifiable: 1, format: 1, repetition: 0, tag: 0 });
  });
  it.each([
    ["an unknown tag", good.replaceAll("make_decision", "muse"), { allowed: false, wellFormed: true, enough: true }],
    ["an unclosed tag", good.replace("</make_decision>", ""), { wellFormed: false }],
    ["an empty step", good.replace("So it is one.", " "), { wellFormed: false, enough: false, allowed: true }],
    ["two steps", good.replace(/<make_decision>.*<\/make_decision>/, ""), { enough: false, wellFormed: true }],
    ["no chain", "comedy", { wellFormed: false, allowed: false, enough: false }],
  ])("tag: %s", (_, text, expected) => {
    expect(checks(text)).toMatchObject(expected);
    expect(tagReward(checks(text), false)).toBe(-1);
  });
  it("is graded by a third a check where asked", () => {
    expect(tagReward(checks(good.replaceAll("make_decision", "muse")), true)).toBeCloseTo(-1 / 3, 12);
    expect(tagReward(checks("comedy"), true)).toBe(-1);
  });
  it.each([
    ["truncated", good, true],
    ["unreadable answer", good.replace(/comedy$/, "a comedy, I think"), false],
    ["tags in the answer", good.replace(/comedy$/, "<make_decision>comedy</make_decision>"), false],
    ["a second chain", `${good}<think>again</think>comedy`, false],
  ])("format and verifiable are 0: %s", (_, text, truncated) => {
    expect(computeRewards(input(text, { truncated }))).toMatchObject({ verifiable: 0, format: 0 });
  });
});

describe("all five signals, on whatever a policy may write", () => {
  const piece = fc.constantFrom(
    ...["<think>", "</think>", "<analyze_input>", "</analyze_input>", "<make_decision>", "</make_decision>"],
    ...["<muse>", "</muse>", "很好吃", "很好吃很好吃", "so it is", "comedy", "dystopia", "\n", " "],
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("")),
    fc.constant(good),
    fc.constant(good.replaceAll("A film about war.", "很好吃很好吃很好吃")),
  );
  it("keep their ranges, and what the format forbids earns nothing elsewhere", () => {
    fc.assert(
      fc.property(
        text,
        fc.boolean(),
        fc.boolean(),
        fc.double({ min: -9, max: 9, noNaN: true }),
        (t, truncated, graded, logit) => {
          const rewards = computeRewards(
            input(t, { truncated, logit, centre: { mean: 0, spread: 1 }, config: { ...config, graded_tags: graded } }),
          );
          expect([0, 1]).toContain(rewards.verifiable);
          expect([0, 1]).toContain(rewards.format);
          expect(rewards.repetition).toBeGreaterThan(-1);
          expect(rewards.repetition).toBeLessThanOrEqual(0);
          expect((graded ? [0, 1, 2, 3] : [0, 3]).map((failed) => (failed === 0 ? 0 : -failed / 3))).toContain(
            rewards.tag,
          );
          expect(rewards.personalization).toBeGreaterThanOrEqual(0);
          expect(rewards.personalization).toBeLessThanOrEqual(1);
          if (rewards.format === 0) expect([rewards.verifiable, rewards.personalization]).toEqual([0, 0]);
          if (truncated) expect(rewards.format).toBe(0);
        },
      ),
    );
  });
});

describe("personalization", () => {
  it("is one half at the held-out mean, and 0 without format or logit", () => {
    expect(personalizationReward(3, true, { mean: 3, spread: 2 })).toBe(0.5);
    expect(personalizationReward(3, false, null)).toBe(0);
    expect(personalizationReward(null, true, null)).toBe(0);
  });
  it("rises with the logit and stays in [0, 1], also far out", () => {
    const logit = fc.double({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(logit, logit, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((x) => personalizationReward(x, true, null));
        expect(low).toBeLessThanOrEqual(high as number);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });
  it("ignores the centring where the config asks for the paper's plain sigmoid", () => {
    const raw = { ...config, raw_personalization: true };
    const centre = { mean: 5, spread: 1 };
    expect(computeRewards(input(good, { logit: 0, centre, config: raw })).personalization).toBe(0.5);
    expect(computeRewards(input(good, { logit: 0, centre })).personalization).toBeLessThan(0.01);
  });
});

describe("the weighted sum", () => {
  const texts = fc.constantFrom(good, "comedy", good.replace("comedy", "dystopia"), "<think>x</think>comedy", "");
  it("is Σ weight · signal, and the explanation says the same", () => {
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom("guided", "explore" as const),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (text, stage, logit) => {
          const weights = stageWeights(stage as RlStage);
          const asked = input(text, { weights, logit, centre: { mean: 0, spread: 1 } });
          const rewards = computeRewards(asked);
          const sum = SIGNALS.reduce((total, s) => total + weights[s] * rewards[s], 0);
          expect(rewards.total).toBeCloseTo(sum, 12);
          const told = explainRewards(asked);
          expect(told.total).toBe(rewards.total);
          for (const { signal, value, why } of told.signals) {
            expect(value).toBe(rewards[signal]);
            expect(why).not.toBe("");
          }
        },
      ),
    );
  });
  it("keeps the foundation signals alone in the exploratory stage", () => {
    const bad = "<think>prose only</think>comedy";
    const explore = computeRewards(input(bad, { weights: stageWeights("explore"), logit: 9 }));
    expect(explore.total).toBeCloseTo(config.verifiable + config.format, 12);
    expect(computeRewards(input(bad, { logit: 9 })).total).not.toBeCloseTo(explore.total, 3);
  });
  it("counts a signal of one's own like the five, and explains it as what it was", () => {
    const weights = { ...stageWeights("guided"), brevity: 0.5 };
    const [plain, more] = [input(good), input(good, { weights, own: { brevity: -2 } })];
    expect(computeRewards(more)).toEqual({
      ...computeRewards(plain),
      brevity: -2,
      total: computeRewards(plain).total - 1,
    });
    expect(explainRewards(more).signals.at(-1)).toMatchObject({ signal: "brevity", value: -2, weight: 0.5, part: -1 });
  });
  it("refuses a query without gold", () => {
    expect(() => computeRewards(input(good, { gold: null }))).toThrow(/without gold/);
  });
  it("says why", () => {
    const told = explainRewards(input(good.replaceAll("make_decision", "muse").replace(/comedy$/, "perhaps")));
    const why = Object.fromEntries(told.signals.map((s) => [s.signal, s.why]));
    expect(why.tag).toContain("muse");
    expect(why.verifiable).toMatch(/can't be read/);
    expect(why.personalization).toBe("0 because the format fails");
    expect(explainRewards(input(good)).signals[4]?.why).toBe("no reward model");
    const both = explainRewards(
      input(good.replace("<make_decision>", "stray <make_decision>").replace(/comedy$/, "<b>")),
    );
    expect(both.signals.find(({ signal }) => signal === "tag")?.why).toMatch(/not well-formed: text outside/);
  });
});
