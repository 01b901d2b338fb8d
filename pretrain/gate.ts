/**
 * Writes the gate's questions: new users of run-like worlds (dev seeds 0–4), each asked in every style the quickstart
 * uses. Usage: tsx pretrain/gate.ts OUT [users]; `pretrain/gate.py` answers greedily and counts.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_TAGS } from "../src/core/tags.ts";
import { ceilings } from "../src/data/synthetic/ceilings.ts";
import { examples } from "../src/data/synthetic/examples.ts";
import { queryText, readItem } from "../src/data/synthetic/read.ts";
import { NANO_SHAPES } from "../src/data/synthetic/shapes.ts";
import { makeWorld } from "../src/data/synthetic/world.ts";
import { chatMessages, type PromptStyle } from "../src/prompts/chat.ts";
import { lookUp } from "./guess.ts";
import { render, taskOf } from "./render.ts";

const STYLES: Readonly<Record<string, PromptStyle & { readonly items: number }>> = {
  "rag-r": { reasoning: true, tags: DEFAULT_TAGS, items: 8 },
  untagged: { reasoning: true, tags: [], items: 8 },
  "zero-shot-r": { reasoning: true, tags: DEFAULT_TAGS, items: 0 },
  rag: { reasoning: false, tags: [], items: 8 },
  "zero-shot": { reasoning: false, tags: [], items: 0 },
};

function main(out: string, users: number): void {
  const questions: object[] = [];
  const bounds: Record<string, object> = {};
  for (const shape of NANO_SHAPES)
    for (const seed of [0, 1, 2, 3, 4]) {
      const world = makeWorld(seed);
      const asked = [...examples(world, shape, { split: "gate", users, minItems: 8 })];
      const shown = asked.map((example) => ({ example, shown: example.profile.slice(-8) }));
      bounds[`${shape.name}/${seed}`] = ceilings(world, shape, shown);
      for (const { example, shown: items } of shown) {
        const read = items.map((item) =>
          readItem(shape, item.fields[shape.textField] ?? "", item.fields[shape.labelField] ?? ""),
        );
        const content = shape.read(queryText(shape, example.input)) ?? [];
        const match = lookUp(shape, read, content);
        for (const [style, { items: count, ...prompting }] of Object.entries(STYLES))
          questions.push({
            shape: shape.name,
            seed,
            style,
            prompt: render(chatMessages(taskOf(shape), example, count > 0 ? items : [], prompting), prompting),
            gold: example.gold,
            // The label of the latest shown item with the query's concept: what copying would say.
            match: count > 0 && match !== null ? shape.answer(content, match, "") : null,
          });
      }
    }
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "gate.json"), JSON.stringify({ ceilings: bounds, questions }));
}

main(process.argv[2] ?? ".cache/pretrain", Number(process.argv[3] ?? 60));
