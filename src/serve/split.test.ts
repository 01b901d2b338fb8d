import fc from "fast-check";
import { expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import { readResponse } from "../prompts/response.ts";
import { splitter, stopper } from "./split.ts";

function parted(pieces: readonly string[], reasoning = true): { reasoning: string; content: string } {
  const one = splitter(reasoning);
  const parts = [...pieces.map((piece) => one.push(piece)), one.end()];
  return { reasoning: parts.map((p) => p.reasoning).join(""), content: parts.map((p) => p.content).join("") };
}

it.each([
  ["<think>\n<a>x</a>\n</think>\n\ncomedy", { reasoning: "<a>x</a>", content: "comedy" }],
  ["  <think>x</think> a\n\nb \n", { reasoning: "x", content: "a\n\nb" }],
  ["no chain at all", { reasoning: "", content: "no chain at all" }],
  ["<thin> air", { reasoning: "", content: "<thin> air" }],
  ["<think>never ends </thi", { reasoning: "never ends </thi", content: "" }],
  ["<think>x</think>a <think>b</think> c", { reasoning: "x", content: "a <think>b</think> c" }],
  ["", { reasoning: "", content: "" }],
])("%j is parted into chain and answer", (text, parts) => {
  expect(parted([text])).toEqual(parts);
});

it("without reasoning all of it is the answer", () => {
  expect(parted(["<think>x</think> a"], false)).toEqual({ reasoning: "", content: "<think>x</think> a" });
});

/** Texts that are full of what the marks begin with. */
const pieces = fc.array(
  fc.constantFrom("<think>", "</think>", "<", "</", "thi", "nk>", "think", " ", "\n", "comedy", "<a>", "</a>"),
  { maxLength: 14 },
);

it("wherever a response is cut, its parts are the same", () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.nat(6), { maxLength: 30 }), (words, cuts) => {
      const text = words.join("");
      const cut: string[] = [];
      let at = 0;
      for (const length of cuts) {
        cut.push(text.slice(at, at + length));
        at += length;
      }
      cut.push(text.slice(at));
      expect(parted(cut)).toEqual(parted([text]));
    }),
  );
});

it("a response that the strict reading finds well-formed has its answer as content, its chain as reasoning", () => {
  const task = loadTask("LaMP_4");
  fc.assert(
    fc.property(pieces, (words) => {
      const text = words.join("");
      const read = readResponse(text, { task });
      if (!read.formatOk) return;
      expect(parted([text])).toEqual({ reasoning: read.think?.trim(), content: read.answerText });
    }),
  );
});

it("an answer ends before the first stop string, wherever it is cut", () => {
  const told = (texts: readonly string[], stops: readonly string[]): string => {
    const one = stopper(stops);
    let out = "";
    for (const text of texts) {
      const { text: next, stopped } = one.push(text);
      out += next;
      if (stopped) return `${out}|`;
    }
    return out + one.end();
  };
  for (const texts of [["comedy. And", " more"], ["comedy", ".", " And more"], [..."comedy. And more"]])
    expect(told(texts, ["XX", ". A"])).toBe("comedy|");
  expect(told(["comedy. "], [". A"])).toBe("comedy. ");
  expect(told(["ab"], [])).toBe("ab");
});
