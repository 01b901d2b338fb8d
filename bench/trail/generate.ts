import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stream } from "../../src/core/random.ts";
import { answerOf, bare, chain, prompt } from "./prose.ts";
import { drawTrail, leadsOf, tableOf } from "./world.ts";

/*
 * Sets for the gates, as JSONL of {depth, prompt, target, answer, kinds}.
 *   npx tsx bench/trail/generate.ts OUT SEED FORM COUNT DEPTHS [SPLIT]
 * FORM: chain (think, then answer), direct (at once, chat form) or bare (at once, items already read). DEPTHS: e.g. 1234,
 * drawn evenly. Every query has a user of its own.
 */
const [out = "", seedText = "0", form = "chain", countText = "0", depths = "1234", split = "train"] =
  process.argv.slice(2);
const seed = Number(seedText);
const leads = leadsOf(seed);
const lines: string[] = [];
for (let i = 0; lines.length < Number(countText); i++) {
  const random = stream(seed, "trail", split, i);
  const depth = Number(depths[lines.length % depths.length]);
  const trail = drawTrail(leads, tableOf(seed, `${split}-${i}`), depth, random);
  if (trail === null) continue;
  const reasoning = form === "chain";
  const asked = form === "bare" ? bare(trail) : prompt(trail, random, reasoning);
  const target = reasoning ? chain(trail) : answerOf(trail);
  lines.push(
    JSON.stringify({
      depth,
      prompt: asked,
      target: `${target}<|im_end|>`,
      answer: answerOf(trail),
      kinds: trail.path.map(({ kind }) => kind),
    }),
  );
}
mkdirSync(out, { recursive: true });
writeFileSync(join(out, `${split}-${form}.jsonl`), `${lines.join("\n")}\n`);
