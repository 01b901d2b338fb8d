import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { processIo } from "../src/cli/io.ts";
import { pythonPath } from "../src/cli/python.ts";
import { evidenceOf, queryContent } from "../src/data/synthetic/ceilings.ts";
import { examples } from "../src/data/synthetic/examples.ts";
import { LABELS } from "../src/data/synthetic/lexicon.ts";
import { TAG } from "../src/data/synthetic/tag.ts";
import { makeWorld } from "../src/data/synthetic/world.ts";
import { loadTask } from "../src/data/task-file.ts";
import type { Example, ProfileItem } from "../src/data/types.ts";
import { type Embedded, startEmbedded } from "../src/engine/embedded.ts";
import { chatMessages } from "../src/prompts/chat.ts";
import { loadRenderer, type Renderer } from "../src/prompts/renderer.ts";

/* What both loops stand on: the questions of the synthetic world, and an engine with a model. No algorithm is here. */

export const TASK = loadTask("synthetic_tag");
export const TAGS = ["analyze_input", "examine_examples", "make_decision"];

export interface Question {
  readonly example: Example;
  /** The eight newest items of the user's history, oldest first: all that the model sees of the user. */
  readonly shown: readonly ProfileItem[];
  readonly prompt: readonly number[];
  readonly gold: string;
}

/** One question of each of `count` users; users of different splits are different people. */
export function questions(renderer: Renderer, split: string, count: number): Question[] {
  return [...examples(makeWorld(0), TAG, { split, users: count })].map((example) => {
    const shown = example.profile.slice(-8);
    const messages = chatMessages(TASK, example, shown, { reasoning: true, tags: TAGS });
    return { example, shown, prompt: renderer.promptTokens(messages, { thinking: true }), gold: example.gold ?? "" };
  });
}

/** A tagged chain from what the prompt shows: copy the newest item with the query's concept, else the newest label. */
export function teach({ example, shown }: Question): { text: string; answer: string } {
  const evidence = evidenceOf(TAG, example, shown);
  const query = queryContent(TAG, example);
  const concept = TAG.contentWords(query);
  const source = evidence.findLast((item) => item.content[0] === query[0]) ?? evidence.at(-1);
  const answer = LABELS[source?.outcome ?? 0] ?? "";
  const items = evidence.map(
    (item, i) => `${i + 1} ${TAG.contentWords(item.content)} ${TAG.outcomeWord(item.outcome)}`,
  );
  const steps = [`query ${concept}`, items.join("\n"), `query ${concept} ${answer}`];
  const chain = steps.map((step, i) => `<${TAGS[i]}>\n${step}\n</${TAGS[i]}>`).join("\n");
  return { text: `<think>\n${chain}\n</think>\n\n${answer}`, answer };
}

/** The shipped model behind the embedded engine, for `npx tsx examples/….ts`. */
export async function openExample(): Promise<Embedded & { readonly model: string; readonly renderer: Renderer }> {
  const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
  const io = processIo(process.argv);
  const model = at("models/nano");
  const renderer = loadRenderer(model);
  const embedded = await startEmbedded({
    python: pythonPath(io),
    models: [model],
    store: at(join("runs", "examples", "weights")),
    modelsDir: at(join(".cache", "models")),
    dtype: "float32",
    device: "cpu",
    threads: 0,
    env: io.env,
  });
  return { ...embedded, model, renderer };
}
