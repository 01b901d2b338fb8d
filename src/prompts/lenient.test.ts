import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../data/task.ts";
import { loadTask } from "../data/task-file.ts";
import { readLeniently } from "./lenient.ts";

const movies = loadTask("LaMP_2");
const citation = loadTask("LaMP_1");
const stars = loadTask("LaMP_3");
const headline = loadTask("LaMP_4");
const genres: Task = { ...movies, labels: ["코미디", "드라마", "комедия", "драма", "喜剧", "正剧", "コメディ", "ตลก"] };

/** Around reasoning `r` and answer `a`, as models and their servers write them. */
const WRAPPERS: Readonly<Record<string, (r: string, a: string) => string>> = {
  qwen: (r, a) => `<think>\n${r}\n</think>\n\n${a}`,
  "opened by the template": (r, a) => `${r}\n</think>\n\n${a}`,
  capitals: (r, a) => `<THINK>${r}</Think> ${a}`,
  thinking: (r, a) => `<thinking>\n${r}\n</thinking>\n${a}`,
  "thinking, opened by the template": (r, a) => `${r}</thinking>\n${a}`,
  thought: (r, a) => `<thought>\n${r}</thought>\n\n${a}`,
  "with an attribute": (r, a) => `<reasoning effort="high">${r}</reasoning>${a}`,
  mistral: (r, a) => `[THINK]${r}[/THINK]${a}`,
  "kimi-style": (r, a) => `◁think▷${r}◁/think▷${a}`,
  seed: (r, a) => `<seed:think>${r}</seed:think>${a}`,
  "reasoning and answer": (r, a) => `<reasoning>\n${r}\n</reasoning>\n<answer>\n${a}\n</answer>`,
  "reasoning left open": (r, a) => `<reasoning>\n${r}\n<answer>${a}</answer>`,
  "think and answer": (r, a) => `<think>${r}</think><answer>${a}</answer>`,
  "answer left open": (r, a) => `<think>${r}</think>\n<answer>${a}`,
  "answer in capitals": (r, a) => `<REASONING>${r}</REASONING><CONCLUSION>${a}</CONCLUSION>`,
  reflection: (r, a) => `<thinking>${r}<reflection>${r}</reflection></thinking>\n<output>${a}</output>`,
  "reflection aside": (r, a) => `<thinking>${r}</thinking><reflection>${r}</reflection><output>${a}</output>`,
  "thought inside of a response": (r, a) => `<response><think>${r}</think>${a}</response>`,
  "explained afterwards": (r, a) => `<answer>${a}</answer>\n<explanation>${r}</explanation>`,
  solution: (r, a) =>
    `<|begin_of_thought|>\n${r}\n<|end_of_thought|>\n\n<|begin_of_solution|>\n${a}\n<|end_of_solution|>`,
  cohere: (r, a) => `<|START_THINKING|>${r}<|END_THINKING|><|START_RESPONSE|>${a}<|END_RESPONSE|>`,
  harmony: (r, a) =>
    `<|channel|>analysis<|message|>${r}<|end|><|start|>assistant<|channel|>final<|message|>${a}<|return|>`,
  "harmony with a constraint": (r, a) =>
    `analysis<|message|>${r}<|end|><|start|>assistant<|channel|>final <|constrain|>text<|message|>${a}`,
  "harmony without its tokens": (r, a) => `analysisWell, ${r}assistantfinal${a}`,
  "gemma's channel": (r, a) => `<|channel>thought\n${r}<channel|>${a}`,
  granite: (r, a) => `Here is my thought process: ${r}\nHere is my response: ${a}`,
  apertus: (r, a) => `<|inner_prefix|>${r}<|inner_suffix|>${a}`,
  nested: (r, a) => `<think>${r}<think>${r}</think>${r}</think>${a}`,
  "a closing mark quoted": (r, a) => `<think>It says "</think>" there. ${r}</think>${a}`,
  "an opening mark quoted": (r, a) => `<think>I use \`<think>\` for it. ${r}</think>${a}`,
  "thought twice": (r, a) => `<think>${r}</think>\n<think>${r}</think>\n${a}`,
  "end of turn left in": (r, a) => `<think>${r}</think>${a}<|im_end|>\n<|im_start|>user\n${r}`,
  crlf: (r, a) => `<think>\r\n${r}\r\n</think>\r\n\r\n${a}\r\n`,
};

/** Around an answer that stands behind the reasoning. */
const DRESSES: Readonly<Record<string, (a: string) => string>> = {
  bare: (a) => a,
  bold: (a) => `**${a}**`,
  "full stop": (a) => `${a}.`,
  quoted: (a) => `"${a}"`,
  "final answer": (a) => `Final answer: ${a}`,
  "bold lead-in": (a) => `**Answer:** ${a}`,
  "bold final answer": (a) => `**Final Answer**: **${a}**`,
  heading: (a) => `### Answer:\n${a}`,
  boxed: (a) => `\\boxed{${a}}`,
  "boxed in a sentence": (a) => `The final answer is $\\boxed{\\text{${a}}}$.`,
  fence: (a) => `\`\`\`text\n${a}\n\`\`\``,
  dash: (a) => `Final answer — ${a}`,
  "heading alone": (a) => `It could be any of them.\n\n## Final Answer\n\n${a}`,
  "in Korean": (a) => `정답은 ${a}`,
  "in Hebrew": (a) => `תשובה: ${a}`,
  "in Russian": (a) => `Ответ — ${a}`,
  json: (a) => `{"answer": ${JSON.stringify(a)}}`,
  "json after words": (a) => `Here it is: {"why": "no drama, not comedy, 1", "Final Answer": ${JSON.stringify(a)}}`,
  "nested json": (a) => `{"reason": "no", "answer": {"tag": [${JSON.stringify(a)}]}}`,
  "a dict of Python's": (a) => `{'why': "not comedy", 'answer': '${a}'}`,
  "fenced json": (a) => `\`\`\`json\n{"label": ${JSON.stringify(a)}}\n\`\`\``,
};

const reasonings = fc.array(
  fc.constantFrom(
    ...movies.labels,
    "The reader gave",
    "so",
    "1 < 2",
    "List<String>",
    "<make_decision>",
    "</make_decision>",
  ),
  { minLength: 1, maxLength: 6 },
);
const wrapper = fc.constantFrom(...Object.keys(WRAPPERS));
const dress = fc.constantFrom(...Object.keys(DRESSES));
const wrap = (name: string, r: string, a: string): string => WRAPPERS[name]?.(r, a) ?? "";
const dressed = (name: string, a: string): string => DRESSES[name]?.(a) ?? "";

describe("the lenient reading of a label", () => {
  it("finds the answer behind any wrapper, in any dress, whatever labels the reasoning names", () => {
    fc.assert(
      fc.property(wrapper, dress, reasonings, fc.constantFrom(...movies.labels), (frame, look, words, label) => {
        expect(readLeniently(wrap(frame, words.join(" "), dressed(look, label)), movies)).toBe(label);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds it for grades, bracketed labels and other scripts, in capitals too", () => {
    fc.assert(
      fc.property(wrapper, dress, (frame, look) => {
        for (const label of genres.labels)
          expect(readLeniently(wrap(frame, "正剧 или драма", dressed(look, label)), genres)).toBe(label);
        expect(readLeniently(wrap(frame, "3 or 5", dressed(look, "4")), stars)).toBe("4");
        expect(readLeniently(wrap(frame, "[1], 1", dressed(look, "[2]")), citation)).toBe("[2]");
        expect(readLeniently(wrap(frame, "action", dressed(look, "DARK COMEDY")), movies)).toBe("dark comedy");
      }),
    );
  });

  it("takes nothing out of reasoning that was never closed, or after which nothing was said", () => {
    const openings = ["<think>", "<Thinking>", "[THINK]", "◁think▷", "<|begin_of_thought|>", "<reasoning>", "<thought>"]
      .concat(
        "<|channel|>analysis<|message|>",
        "<seed:think>",
        "<|START_THINKING|>",
        "<think><reflection>",
        "analysisSo ",
      )
      .concat(
        "<think>a<think>b</think>",
        "<think><plan>a</plan>",
        "<scratchpad>",
        "<|channel>thought\n",
        "<think></answer>",
      );
    fc.assert(
      fc.property(fc.constantFrom(...openings), reasonings, wrapper, (open, words, frame) => {
        const said = words.join(" ");
        expect(readLeniently(open + said, movies)).toBe("");
        fc.pre(frame !== "reasoning left open");
        expect(readLeniently(wrap(frame, said, ""), movies)).toBe("");
      }),
    );
  });

  it.each([
    [movies, "The user likes dystopia elsewhere.\n\nFinal answer: comedy", "comedy"],
    [movies, "The tag would be action here, yet the tag is comedy.", "comedy"],
    [movies, "ＣＯＭＥＤＹ", "comedy"],
    [movies, "[Analysis] comedy", "comedy"],
    [genres, "이 영화는 코미디입니다", "코미디"],
    [genres, "трагикомедия", ""],
    [genres, "这是喜剧。", "喜剧"],
    [genres, "코미디".normalize("NFD"), "코미디"],
    [movies, "Answer: comedy\n\nExplanation: the answer is not action.", "comedy"],
    [movies, "1. action - no\n2. comedy - yes\n\nTherefore: comedy", "comedy"],
    [movies, "I'd go with comedy rather than action.", "comedy"],
    [movies, "Thus \\boxed{\\mathrm{dark\\ comedy}}", "dark comedy"],
    [movies, "SCI‑FI", "sci-fi"],
    [movies, "Sci Fi", "sci-fi"],
    [{ ...movies, labels: ["κωμωδία", "δράση"] }, "Όχι κωμωδία. Απάντηση: ΔΡΑΣΗ", "δράση"],
    [{ ...movies, labels: ["أكشن", "كوميديا"] }, "ليس كوميديا. الإجابة: أكشن", "أكشن"],
    [{ ...movies, labels: ["हास्य", "रोमांस"] }, "हास्य नहीं। उत्तर: रोमांस।", "रोमांस"],
    [{ ...movies, labels: ["ตลก", "แอ็คชั่น"] }, "ไม่ใช่ตลก คำตอบคือแอ็คชั่น", "แอ็คชั่น"],
    [{ ...movies, labels: ["😀", "😢"] }, "<think>😀</think> Answer: 😢!", "😢"],
    [stars, "4½ stars", "4.5"],
    [stars, "★★★★☆", "4"],
    [stars, "Four stars.", "4"],
    [stars, "四星", "4"],
    [stars, "one of two that earn 3", "3"],
    [stars, "1. The plot is fine\n2. The acting is bad\n\n**3**", "3"],
    [stars, "The user gave 5 to the others. I predict 4.", "4"],
    [stars, "4.5 stars", "4.5"],
    [stars, "4,5 Sterne", "4.5"],
    [stars, "On a scale of 1 to 5 I'd say 4", "4"],
    [stars, "4/5", "4"],
    [stars, "9/10", ""],
    [stars, "٤", "٤"],
    [stars, "٤ نجوم", "4"],
    [stars, "score： ４", "4"],
    [headline, "Here is a headline:\n\n**Big News Today**", "Big News Today"],
    [headline, "It must be short.\nFinal answer: Big News", "Big News"],
    [headline, '```json\n{"title": "Big News"}\n```', "Big News"],
    [headline, "## Big News", "Big News"],
    [headline, "- Big News", "Big News"],
    [headline, "Headline - Big News", "Big News"],
    [headline, "«Big News».", "Big News"],
    [headline, "제목: 큰 소식", "큰 소식"],
    [headline, "Título: Gran noticia", "Gran noticia"],
    [headline, "Answer questions first", "Answer questions first"],
    [headline, "Verdict - guilty", "Verdict - guilty"],
    [headline, "1. Big News\n2. Small News", "1. Big News\n2. Small News"],
  ] as const)("%#: %s", (task, text, want) => {
    expect(readLeniently(text, task)).toBe(want);
  });
});
