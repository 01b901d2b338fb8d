import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import { readAnswer } from "./answer.ts";
import { readChain } from "./chain.ts";
import { readLeniently } from "./lenient.ts";
import { readResponse } from "./response.ts";

const movies = loadTask("LaMP_2");
const citation = loadTask("LaMP_1");
const stars = loadTask("LaMP_3");
const headline = loadTask("LaMP_4");
const tags = ["analyze_input", "examine_examples", "make_decision"];
const good =
  "<think>\n<analyze_input>A film.</analyze_input>\n<examine_examples>Two like it.</examine_examples>\n<make_decision>So.</make_decision>\n</think>\ncomedy";
const read = (text: string, more: object = {}) => readResponse(text, { task: movies, tags, ...more });

describe("readResponse", () => {
  it("reads a clean response", () => {
    const r = read(good);
    expect(r).toMatchObject({
      formatOk: true,
      chainOk: true,
      tagsAllowed: true,
      why: null,
      answer: "comedy",
      answerOk: true,
    });
    expect(r.steps).toEqual([
      { tag: "analyze_input", text: "A film." },
      { tag: "examine_examples", text: "Two like it." },
      { tag: "make_decision", text: "So." },
    ]);
  });

  it.each([
    ["no think", "comedy", "no <think>"],
    ["unclosed", "<think><a>x</a>", "no </think>"],
    ["text before", `Well. ${good}`, "text before <think>"],
    ["two chains", `${good}<think>x</think>comedy`, "more than one <think> or </think>"],
    ["a second close", `${good}</think> comedy`, "more than one <think> or </think>"],
    ["empty chain", "<think> \n </think>comedy", "<think> is empty"],
    ["no answer", "<think><a>x</a></think> \n", "no answer"],
    ["tags in the answer", good.replace(/comedy$/, "<make_decision>comedy</make_decision>"), "markup in the answer"],
    ["backwards", "</think>comedy<think>", "</think> before <think>"],
  ])("format fails: %s", (_, text, why) => {
    expect(read(text)).toMatchObject({ formatOk: false, answer: null, answerOk: false, why });
  });

  it("a truncated response has neither format nor answer", () => {
    expect(read(good, { truncated: true })).toMatchObject({
      formatOk: false,
      answer: null,
      why: "cut off at the token limit",
    });
  });

  it("untagged prose keeps its format but is no chain", () => {
    const r = read("<think>It is funny.</think>comedy");
    expect(r).toMatchObject({ formatOk: true, chainOk: false, tagsAllowed: false, answer: "comedy" });
    expect(r.why).toBe("text outside of a tag");
  });

  it("tells a tag outside of the allowed set from an ill-formed chain", () => {
    const r = read(good.replaceAll("make_decision", "muse"));
    expect(r).toMatchObject({ formatOk: true, chainOk: true, tagsAllowed: false, answer: "comedy" });
  });

  it("without reasoning the whole response is the answer", () => {
    expect(read(" comedy\n", { reasoning: false })).toMatchObject({ formatOk: true, answer: "comedy", why: null });
    expect(read("<think>x</think>comedy", { reasoning: false })).toMatchObject({ formatOk: false, answer: null });
  });

  it("never reads an answer that the format does not allow, whatever the text", () => {
    const piece = fc.constantFrom("<think>", "</think>", "<a>", "</a>", "comedy", " ", "x", "<", "\n");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, truncated) => {
        const text = pieces.join("");
        const r = read(text, { truncated });
        expect(r.answerOk).toBe(r.answer !== null);
        if (r.answerOk) expect(r.formatOk).toBe(true);
        if (r.formatOk) expect(/^\s*<think>[\s\S]*<\/think>[\s\S]*\S/.test(text)).toBe(true);
        if (r.formatOk && r.chainOk) expect(r.why).toBeNull();
        else expect(r.why).not.toBeNull();
      }),
    );
  });
});

describe("readChain", () => {
  const step = fc.record({
    tag: fc.constantFrom("a", "b_c", "d9"),
    text: fc.stringMatching(/^[^<>\s][^<>]*$/).map((s) => s.trim()),
  });

  it("is the inverse of writing steps down", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.constantFrom("", "\n", " \n\n"), (steps, gap) => {
        const reading = readChain(steps.map((s) => `<${s.tag}>${s.text}</${s.tag}>`).join(gap));
        expect(reading.steps).toEqual(steps);
        const repeats = steps.some((s, i) => i > 0 && s.tag === steps[i - 1]?.tag && s.text === steps[i - 1]?.text);
        expect(reading.fault === null).toBe(!repeats);
      }),
    );
  });

  it.each([
    ["<a>x<b>y</b></a>", "<b> begins inside <a>"],
    ["<a>x</b>", "<a> is closed by </b>"],
    ["<a>x", "<a> is not closed"],
    ["x</a>", "</a> closes nothing"],
    ["<a> </a>", "<a> is empty"],
    ["<a>x</a> and <b>y</b>", "text outside of a tag"],
    ["<a>x</a>\n<a>x</a>", "<a> stands twice in a row"],
  ])("%s: %s", (text, fault) => {
    expect(readChain(text).fault).toBe(fault);
  });

  it("loses no text of an ill-formed chain", () => {
    const piece = fc.constantFrom("<a>", "</a>", "<b>", "</b>", "x", "y z", "\n");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const kept = readChain(pieces.join(""))
          .steps.map((s) => s.text)
          .join("");
        const want = pieces.filter((p) => !p.startsWith("<")).join("");
        expect(kept.replace(/\s/g, "")).toBe(want.replace(/\s/g, ""));
      }),
    );
  });
});

describe("readAnswer", () => {
  it("strict: exact labels, grades as numbers, any text", () => {
    expect(readAnswer(movies, " dark comedy\n", "strict")).toBe("dark comedy");
    for (const text of ["Comedy", "comedy.", "a comedy", ""]) expect(readAnswer(movies, text, "strict")).toBeNull();
    expect(readAnswer(citation, "[2]", "strict")).toBe("[2]");
    expect(readAnswer(citation, "2", "strict")).toBeNull();
    expect(readAnswer(stars, " 4.0 ", "strict")).toBe("4");
    for (const text of ["4.5", "0", "6", "4 stars", "+4", "four"]) expect(readAnswer(stars, text, "strict")).toBeNull();
    const mood = { ...stars, labels: ["-2", "-1", "0", "1", "2"] };
    expect(readAnswer(mood, "-1", "strict")).toBe("-1");
    expect(readAnswer(mood, "I'd say −1, no more", "lenient")).toBe("-1");
    expect(readAnswer(mood, "grade-1", "lenient")).toBe("1");
    expect(readAnswer(headline, " A Headline ", "strict")).toBe("A Headline");
    expect(readAnswer(headline, "  ", "strict")).toBeNull();
  });

  it.each([
    [movies, "Comedy.", "comedy"],
    [movies, "**Dark Comedy**", "dark comedy"],
    [movies, "I'd say dark comedy, not comedy", "dark comedy"],
    [movies, "Answer: true story", "true story"],
    [movies, "a tragicomedy", null],
    [movies, "reaction", null],
    [citation, "The answer is [2].", "[2]"],
    [citation, "2", "[2]"],
    [citation, "Reference 1", "[1]"],
    [citation, "12", null],
    [stars, "I would give 4 out of 5", "4"],
    [stars, "Score: 4.0", "4"],
    [stars, "10/10", null],
    [stars, "4.5", null],
    [headline, 'Headline: "Big News"', "Big News"],
    [headline, '"A" or "B"', '"A" or "B"'],
    [headline, "The Title Is Mine", "The Title Is Mine"],
    [headline, "", null],
  ] as const)("lenient: %#", (task, text, want) => {
    expect(readAnswer(task, text, "lenient")).toBe(want);
  });

  it("whatever is read strictly is read the same leniently, for labels and grades", () => {
    for (const task of [movies, citation, stars, loadTask("LaMP_2_old")])
      for (const label of task.labels) {
        expect(readAnswer(task, label, "strict")).toBe(label);
        expect(readAnswer(task, label, "lenient")).toBe(label);
        expect(readAnswer(task, `My answer would be ${label}, surely`, "lenient")).toBe(label);
      }
  });

  it("lenient reading of a response starts after the last </think>, and an open chain has no answer", () => {
    expect(readLeniently(good, movies)).toBe("comedy");
    expect(readLeniently("<think>comedy", movies)).toBe("");
    expect(readLeniently("It is a comedy.", movies)).toBe("comedy");
    expect(readLeniently("<think>a</think>no idea", movies)).toBe("");
  });
});
