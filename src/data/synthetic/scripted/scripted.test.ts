import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Random, stream } from "../../../core/random.ts";
import { almanac } from "../almanac.ts";
import { examples } from "../examples.ts";
import { readPrompt } from "../read.ts";
import { openOutcomes } from "../shape.ts";
import { SHAPES } from "../shapes.ts";
import { makeWorld } from "../world.ts";
import { grade } from "./judge.ts";
import { outcomeSaid, readLine } from "./lines.ts";
import { answerScripted, scriptedApp, startScripted } from "./server.ts";
import { FAULTS, type Fault, STRATEGIES, type Strategy } from "./shares.ts";
import { NAMES, tagLines } from "./tagger.ts";
import { type Rollout, rollOut } from "./teacher.ts";

const world = makeWorld(3);
const facts = almanac(world, Object.values(SHAPES));

/** User messages of prompts with at most eight items, as the chat form has them. */
function prompts(shape: (typeof SHAPES)[keyof typeof SHAPES], users: number) {
  return [...examples(world, shape, { split: "test", users })].map((example) => {
    const history = example.profile
      .slice(-8)
      .map(
        (item, k) =>
          `[${k + 1}] ${item.fields[shape.textField]}${shape.textField === shape.labelField ? "" : ` | ${shape.labelField}: ${item.fields[shape.labelField]}`}`,
      );
    return {
      text: `History of this user, oldest first:\n${history.join("\n")}\n\n${example.input}`,
      gold: example.gold,
    };
  });
}

function rollOuts(users: number, each: number): { rollout: Rollout; prompt: string; gold: string | null }[] {
  return prompts(SHAPES.tag, users).flatMap(({ text, gold }) =>
    Array.from({ length: each }, (_, i) => {
      const prompt = readPrompt(text);
      const rollout = prompt && rollOut(facts, prompt, stream("test", text, i));
      return rollout ? [{ rollout, prompt: text, gold }] : [];
    }).flat(),
  );
}

const still: Random = { ...stream("still"), next: () => 0.999 };
const sum = (grades: object): number => Object.values(grades).reduce((total: number, one: number) => total + one, 0);

describe("the teacher", () => {
  const all = rollOuts(400, 16);

  test("follows each strategy and falls into each fault in its published share", () => {
    const total = Object.values(STRATEGIES).reduce((a, b) => a + b, 0);
    for (const [name, share] of Object.entries(STRATEGIES) as [Strategy, number][]) {
      const found = all.filter(({ rollout }) => rollout.strategy === name).length / all.length;
      expect(Math.abs(found - share / total), name).toBeLessThan(0.02);
    }
    for (const [name, share] of Object.entries(FAULTS) as [Fault, number][]) {
      const found = all.filter(({ rollout }) => rollout.faults.includes(name)).length / all.length;
      expect(Math.abs(found - share), name).toBeLessThan(0.012);
    }
  });

  test("is right by more than one strategy, and each is wrong at times: there is something to select", () => {
    for (const name of Object.keys(STRATEGIES)) {
      const own = all.filter(({ rollout }) => rollout.strategy === name);
      const right = own.filter(({ rollout, gold }) => rollout.answer === gold).length / own.length;
      expect(right, name).toBeGreaterThan(0.1);
      expect(right, name).toBeLessThan(0.8);
    }
  });

  test("every line can be read back, in all shapes; chains are short", () => {
    for (const shape of Object.values(SHAPES))
      for (const { text } of prompts(shape, 30)) {
        const prompt = readPrompt(text);
        const said = prompt && rollOut(facts, prompt, stream(text));
        if (!said) throw new Error(text);
        if (said.faults.includes("ramble")) continue;
        expect(said.thoughts.map(readLine).filter(({ kind }) => kind === "idle")).toEqual([]);
        expect(said.thoughts.length).toBeLessThanOrEqual(27);
        expect(shape.readAnswer(said.answer, prompt.content ?? [])).not.toBeNull();
      }
  });

  test("without a history it says what is common", () => {
    const prompt = readPrompt(SHAPES.tag.input("a slow film about heist at night"));
    expect(prompt && rollOut(facts, prompt, still)?.thoughts).toHaveLength(3);
  });
});

describe("the judge", () => {
  const prompt = `[1] a slow film about wasteland at night | tag: dystopia\n[2] an old tale about songs at home | tag: comedy\n\n${SHAPES.tag.input("a cold tale about ashes at home")}`;
  const good = "query ruin\n1 ruin dystopia\n2 music comedy\nmatch 1 ruin dystopia\nquery ruin dystopia";
  const graded = (chain: string, answer = "dystopia") => sum(grade(facts, prompt, chain, answer, still));

  test("keeps a sound chain", () => expect(graded(good)).toBe(20));
  test.each([
    ["a misread item", good.replace("2 music comedy", "2 music action")],
    ["an invented item", good.replace("match", "3 war action\nmatch")],
    ["a decision against the reason", good.replace(/query ruin dystopia$/, "query ruin action"), "action"],
    ["an answer against the decision", good, "action"],
    ["a chain without a decision", good.replace(/\nquery ruin dystopia$/, "")],
    ["rambling", good.replace("match", "so what\nand then\nor else\nwell now\nmatch")],
    ["half of the items", good.replace("2 music comedy\n", "")],
  ])("rejects %s", (_, chain, answer = "dystopia") => expect(graded(chain, answer)).toBeLessThanOrEqual(15));
  test("has nothing good to say of a prompt it can't read", () =>
    expect(sum(grade(facts, "hello", good, "dystopia", still))).toBe(4));
});

describe("the tagger", () => {
  const lines = [
    "query ruin",
    "1 ruin dystopia",
    "2 war action",
    "type realist",
    "realist ruin classic",
    "query ruin classic",
  ];

  test("covers every line once, in order", () => {
    for (let i = 0; i < 50; i++) {
      const segments = tagLines([...lines, "well"], null, stream("cover", i));
      expect(segments.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, k) => from + k))).toEqual([
        1, 2, 3, 4, 5, 6, 7,
      ]);
    }
  });

  test("uses several names for one meaning when free, and only the given ones when not", () => {
    const free = new Set<string>();
    const allowed = ["read_history", "decide_answer", "infer_type"];
    for (let i = 0; i < 200; i++) {
      for (const { tag } of tagLines(lines, null, stream("free", i))) free.add(tag);
      for (const { tag } of tagLines(lines, allowed, stream("held", i))) expect(allowed).toContain(tag);
    }
    expect(free.size).toBeGreaterThan(12);
    expect(tagLines(lines, allowed, still).map(({ tag }) => tag)).toEqual([
      "read_history",
      "read_history",
      "infer_type",
      "infer_type",
      "decide_answer",
    ]);
  });

  test("every name belongs to one meaning and is a good tag name", () => {
    const names = Object.values(NAMES).flat();
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z_]*$/);
  });
});

describe("the server", () => {
  const text = prompts(SHAPES.tag, 1)[0]?.text ?? "";
  const body = (n: number) => ({ model: "teacher", messages: [{ role: "user", content: text }], n });
  const post = (app: ReturnType<typeof scriptedApp>, json: unknown) =>
    app.request("/v1/chat/completions", { method: "POST", body: JSON.stringify(json) });

  test("answers n samples in OpenAI's form, reasoning apart", async () => {
    const reply = await (await post(scriptedApp(facts), body(16))).json();
    expect(reply.choices).toHaveLength(16);
    expect(
      new Set(
        reply.choices.map((choice: { message: { reasoning_content: string } }) => choice.message.reasoning_content),
      ).size,
    ).toBeGreaterThan(2);
    expect(reply.usage.completion_tokens).toBeGreaterThan(16);
  });

  test("says what is wrong with a bad request", async () => {
    const reply = await post(scriptedApp(facts), { messages: [] });
    expect(reply.status).toBe(400);
    expect((await reply.json()).error.message).toContain("messages");
  });

  test("listens on loopback, and is gone after close", async () => {
    const server = await startScripted({ almanac: facts });
    expect((await fetch(`${server.url}/models`)).status).toBe(200);
    await server.close();
    await expect(fetch(`${server.url}/models`)).rejects.toThrow();
  });
});

describe("honesty", () => {
  test("the same request text is answered the same, whatever stands behind it", () => {
    const elsewhere = almanac({ ...world, seed: 99 });
    const golds = (seed: number) =>
      [...examples({ ...world, seed }, SHAPES.tag, { split: "test", users: 20 })].map(({ gold }) => gold);
    expect(golds(99)).not.toEqual(golds(world.seed));
    const messages = [{ content: prompts(SHAPES.tag, 1)[0]?.text ?? "" }];
    expect(answerScripted(facts, messages, 16)).toEqual(answerScripted(elsewhere, messages, 16));
    expect(answerScripted(facts, messages, 16).slice(0, 4)).toEqual(answerScripted(facts, messages, 4));
  });

  test("no file of the server imports what knows golds, seeds or hidden states", () => {
    const folder = new URL(".", import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) {
      const source = readFileSync(new URL(file, folder), "utf8");
      expect(source, file).not.toMatch(/from "[^"]*(users|examples|world|ceilings|posterior|decision)\.ts"/);
      expect(source, file).not.toMatch(/\.gold\b|hiddenUser|\.seed\b|\.tables\b/);
    }
  });

  test("the almanac it gets holds no seed and no user", () => {
    const known = ["concepts", "labels", "levels", "noise", "share", "titles", "types"];
    expect(Object.keys(almanac(world)).sort()).toEqual(known);
    expect(Object.keys(facts).sort()).toEqual([...known, "more"].sort());
    // Of the other shapes: a state a type and key, whoever the users are.
    for (const [name, states] of Object.entries(facts.more ?? {}))
      expect(states.map((own) => own.length)).toEqual(facts.types.map(() => SHAPES[name as keyof typeof SHAPES].keys));
  });

  test.each(Object.values(SHAPES))(
    "a judge who sees a flawless chain of $task keeps it, a contradicted one not",
    (shape) => {
      let kept = 0;
      for (const { text } of prompts(shape, 40)) {
        const prompt = readPrompt(text);
        const said = prompt && rollOut(facts, prompt, stream("judged", text));
        if (!said || said.faults.length > 0) continue;
        kept++;
        const chain = said.thoughts.join("\n");
        expect(sum(grade(facts, text, chain, said.answer, still))).toBeGreaterThan(15);
        const other = openOutcomes(shape, prompt.content ?? []).find(
          (o) => shape.answer(prompt.content ?? [], o, "") !== said.answer,
        );
        const slipped = shape.answer(prompt.content ?? [], other ?? 0, "");
        expect(grade(facts, text, chain, slipped, still).logical_consistency).toBe(1);
      }
      expect(kept).toBeGreaterThan(20);
    },
  );

  test("statements of all shapes are told apart", () => {
    expect([outcomeSaid("ruin dystopia"), outcomeSaid("superb 4"), outcomeSaid("meets"), outcomeSaid("ruin")]).toEqual([
      "dystopia",
      "4",
      "meets",
      null,
    ]);
  });
});
