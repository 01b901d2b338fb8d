import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TINY_QWEN3 } from "../core/testing/fixtures.ts";
import type { ProfileItem } from "../data/types.ts";
import { type OfficialName, officialPrompt } from "./lamp.ts";
import { loadRenderer } from "./renderer.ts";

const renderer = loadRenderer(TINY_QWEN3);

/**
 * Made by LaMP's own code (github.com/LaMP-Benchmark/LaMP @38c9d4d) over invented words, with the tiny model's tokenizer
 * as it is (`added` 0) and with an end token put after every text, as T5's does (`added` 1):
 *   create_prompt_generator(k, ret_type="recency", max_length=maxLength, tokenizer=t)[0](input, profile, task)
 */
interface Golden {
  task: OfficialName;
  added: number;
  k: number;
  maxLength: number;
  input: string;
  profile: Record<string, string>[];
  prompt: string;
}
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "lamp.golden.json"), "utf8")) as Golden[];

const items = ({ profile, k }: Golden): ProfileItem[] =>
  profile
    .map(({ id = "", date = "", ...fields }) => ({ id, date, fields }))
    .reverse()
    .slice(0, k);
const tokenizer = (added: number) => ({ encode: renderer.encode, decode: renderer.decode, added });

describe("officialPrompt", () => {
  it.each(golden.map((one, i) => [`${one.task} ${i}`, one] as const))("is LaMP's own: %s", (_, one) => {
    const made = officialPrompt(one.task, one.input, items(one), tokenizer(one.added), one.maxLength);
    expect(made.prompt).toBe(one.prompt);
    expect(made.withProfile).toBe(one.prompt !== one.input);
  });

  it("the golden cases cover cut items of each task and the bare input", () => {
    for (const task of new Set(golden.map((one) => one.task))) {
      const own = golden.filter((one) => one.task === task);
      const cuts = own.map(
        (one) => officialPrompt(one.task, one.input, items(one), tokenizer(one.added), one.maxLength).cut,
      );
      expect(cuts.some((cut) => cut.length > 0)).toBe(true);
    }
    expect(golden.some((one) => one.prompt === one.input)).toBe(true);
  });

  it("says which items were cut, and by how much", () => {
    const fields = { text: "one two three four five six seven eight nine ten eleven twelve", title: "T" };
    const made = officialPrompt("LaMP_4", "headline", [{ id: "p", fields }], tokenizer(0), 60);
    expect(made.cut).toEqual([
      { item: "p", field: "text", from: renderer.encode(fields.text).length, to: expect.any(Number) },
    ]);
    const kept = renderer.decode(renderer.encode(fields.text).slice(0, made.cut[0]?.to));
    expect(made.prompt).toBe(`"T" is the title for "${kept}" . headline`);
  });

  it("quirks: LaMP-1 writes after the first `title`, wherever it stands; an empty profile gives the bare input", () => {
    const one = { id: "p", fields: { title: "X", abstract: "" } };
    expect(officialPrompt("LaMP_1", "an untitled paper", [one], tokenizer(0)).prompt).toBe(
      'an untitle, and "X"d paper',
    );
    expect(officialPrompt("LaMP_1", "no such word", [one], tokenizer(0)).prompt).toBe("no such word");
    expect(officialPrompt("LaMP_7", "tweet", [], tokenizer(0))).toEqual({
      prompt: "tweet",
      cut: [],
      withProfile: false,
    });
  });
});
