import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Embedded, startEmbedded } from "../src/engine/embedded.ts";
import { makeTinyModel, testPython } from "../src/engine/testing/tiny-model.ts";
import { loadRenderer, type Renderer } from "../src/prompts/renderer.ts";
import { gspoLoop } from "./gspo-loop.ts";
import { type SftLoopResult, sftLoop } from "./sft-loop.ts";
import { questions, teach } from "./world.ts";

/** Both loops against the real engine, with a tiny random model that knows the world's words. */
const dir = mkdtempSync(join(tmpdir(), "tagpr-examples-"));
const model = join(dir, "tiny");
let embedded: Embedded;
let renderer: Renderer;
let sft: SftLoopResult;
const lines: string[] = [];
const say = (line: string): number => lines.push(line);

beforeAll(async () => {
  makeTinyModel(model, worldWords());
  renderer = loadRenderer(model);
  embedded = await startEmbedded({
    ...{ python: testPython(process.env), models: [model], store: join(dir, "store"), modelsDir: join(dir, "models") },
    ...{ dtype: "float32", device: "cpu", threads: 1, env: process.env },
  });
}, 600_000);
afterAll(async () => {
  await embedded?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Every word that prompts and chains hold, in order of first occurrence. */
function worldWords(): string[] {
  const words = new Set<string>();
  const note: Renderer = {
    ...{ eosIds: [], contextLength: 0, responsePrefix: "", refusesSystem: false },
    controlTokensIn: () => [],
    encode: () => [],
    decode: () => "",
    renderChat: () => "",
    promptTokens: (messages) => {
      for (const { role, content } of messages) collect(words, `${role} ${content}`);
      return [];
    },
  };
  for (const question of questions(note, "vocabulary", 300)) collect(words, teach(question).text);
  return [...words];
}

function collect(words: Set<string>, text: string): void {
  for (const [word] of text.matchAll(/<\/?\w+>|\w+|[^\s\w]/g)) words.add(word);
}

describe("the didactic loops", () => {
  it("SFT: the loss falls to a third", async () => {
    sft = await sftLoop({ engine: embedded.engine, model, renderer, steps: 60, batch: 16, learningRate: 1e-2, say });
    const [first = 0] = sft.losses;
    expect(sft.losses).toHaveLength(60);
    expect(sft.losses.at(-1)).toBeLessThan(first / 3);
  }, 600_000);

  it("GSPO: starts from the SFT weights, finds groups with spread, and updates", async () => {
    const rl = { steps: 2, batch: 8, learningRate: 1e-3, maxTokens: 120 };
    const { rewards, updates, path } = await gspoLoop({
      engine: embedded.engine,
      model: sft.path,
      renderer,
      say,
      ...rl,
    });
    expect(lines.at(-1)).toContain("step 2/2");
    expect(rewards).toHaveLength(2);
    expect(Math.max(...rewards)).toBeGreaterThan(0);
    expect(updates).toBeGreaterThan(0);
    expect(path).toMatch(/^tinker:\/\/.*\/sampler_weights\/gspo-loop$/);
  }, 600_000);
});
