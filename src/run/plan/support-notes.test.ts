import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { loadRenderer } from "../../prompts/renderer.ts";
import { withSupport } from "./support-notes.ts";

const renderer = loadRenderer(fileURLToPath(new URL("../../../models/nano", import.meta.url)));

/** A folder of four movies to tag; the user of each has two others, whose descriptions have `words` words. */
function folder(words: number): string {
  const path = join(mkdtempSync(join(tmpdir(), "support-")), "LaMP_2");
  const ids = ["1", "2", "3", "4"];
  const profile = ["a", "b"].map((id) => ({ id, tag: "comedy", description: "film ".repeat(words).trim() }));
  const questions = ids.map((id) => ({ id, user_id: `u${id}`, input: "Which tag? description: a film", profile }));
  const outputs = { task: "LaMP_2", golds: ids.map((id) => ({ id, output: "comedy" })) };
  const files = {
    train_questions: questions,
    train_outputs: outputs,
    dev_questions: [],
    dev_outputs: { ...outputs, golds: [] },
  };
  mkdirSync(path);
  for (const [name, value] of Object.entries(files)) writeFileSync(join(path, `${name}.json`), JSON.stringify(value));
  return path;
}

const looked = (path: string, characters = 0) =>
  withSupport(
    configSchema.parse({
      ...{
        data: { source: "files", paths: [path] },
        teacher: { kind: "rules" },
        judge: { kind: "rules" },
        tagger: { kind: "rules" },
      },
      ...{ prompt: { max_tokens: 400 }, profile: { k: 4, characters } },
    }),
    [],
    renderer,
  );

it("knows the length of prompts before anything is trained, and says where most of them would be cut", async () => {
  const short = await looked(folder(2));
  const longer = await looked(folder(12));
  expect(longer.promptTokens).toBeGreaterThan(short.promptTokens ?? 0);
  expect(longer.notes.join()).not.toMatch(/will be cut/);
  const path = folder(300);
  const long = await looked(path);
  expect(long.promptTokens).toBe(400);
  expect(long.notes.join("\n")).toMatch(/^LaMP_2: 4 of 4 prompts are longer than prompt.max_tokens \(400\)/m);
  // One item in place of two.
  const whole = await looked(folder(40), 250);
  expect(whole.promptTokens).toBeLessThan((await looked(folder(40))).promptTokens ?? 0);
});
