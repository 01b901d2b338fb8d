import { join } from "node:path";
import {
  chatMessages,
  type Embedded,
  type Example,
  enginePython,
  loadRenderer,
  loadTask,
  modelsDir,
  type ProfileItem,
  packageRoot,
  type Renderer,
  startEmbedded,
} from "tagpr";
import { evidenceOf, examples, LABELS, makeWorld, queryContent, TAG } from "tagpr/synthetic";

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
  const { env } = process;
  const model = join(packageRoot(), "models", "nano");
  const renderer = loadRenderer(model);
  const embedded = await startEmbedded({
    python: enginePython(env),
    models: [model],
    store: join("runs", "examples", "weights"),
    modelsDir: modelsDir(env),
    dtype: "float32",
    device: "cpu",
    threads: 0,
    env,
  });
  return { ...embedded, model, renderer };
}
