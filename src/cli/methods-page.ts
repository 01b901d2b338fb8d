import { ABLATIONS } from "../core/ablations.ts";
import { configSchema } from "../core/config/schema.ts";
import { ABLATION_STAGES } from "../core/stages.ts";
import type { Method } from "../eval/types.ts";
import { ablationOf, METHODS } from "../methods/index.ts";
import { methodsChoices } from "./methods-choices.ts";
import { methodsMeasured } from "./methods-measured.ts";

/** `docs/methods.md`: every method, its file and its paper, from the code alone. */
export function methodsPage(): string {
  return `# Methods

Made from \`src/methods\` by \`npm run docs\`; do not edit. One file holds one method: what it trains, and how it answers.

\`\`\`sh
npx tagpr eval presets/methods-quick.yaml --methods all --out runs/methods   # every row, on the synthetic world
npx tagpr eval RUN                                                        # of a run, what its eval.methods names
npx tagpr eval MODEL --data DIR                                           # an exported folder, or a base model
\`\`\`

| method | in tables | in the paper | described in | trained by | file |
|---|---|---|---|---|---|
${METHODS.map(line).join("\n")}

${METHODS.map(({ name, about }) => `- \`${name}\`: ${about}`).join("\n")}

Rows of other rows: \`ROW/majority@N\` takes the answer that most of N samples give, \`ROW/best-of-N\` the one that the run's reward model likes best (\`sft-r/best-of-8\`).
Rows that only a config knows: \`api-NAME\` and \`api-NAME-r\` (\`eval.apis\`: models behind OpenAI-compatible endpoints), \`own-NAME\` (\`eval.own\`: modules by path),
\`file-NAME\` (\`eval.predictions\`: answers from anywhere). \`--methods all\` has them too.

## TagPR's ablations

An ablation is TagPR with some settings put over the run's own. It has stages of its own where these settings change something, in folders beside TagPR's, and reads TagPR's for the rest: data and chains always,
SFT and the reward model where it keeps them. w/o RL is \`sft-r\`: the paper's two rows are equal, digit for digit.

| row | over the config | stages of its own |
|---|---|---|
${METHODS.flatMap(ablationLine).join("\n")}

\`tagpr-no-tag\` is the paper's w/o Tag: what section 4.3 leaves out is the tag reward. SFT's chains have their tags, and so have its responses. \`tagpr-untagged\` (ours) learns the same chains without tags; its prompts name the tags as all others do, so that prompts are the same.
\`tagpr-no-sft\` has TagPR's reward model, whose pairs the SFT model has sampled: what it lacks is the policy's start. \`tagpr-single-stage\` takes as many queries as both stages together, in batches of the first one's size.
An ablation of what a config does without anyway (\`rewards.tag: 0\`) is refused, and left out of \`--methods all\`. \`npm run bench -- learning\` trains the same five, each as a run of its own, on many seeds ([learning.md](learning.md)).

## What a comparison says

Each row of \`result.json\` has a \`budget\`: the labels its training used, teacher tokens, trained and sampled tokens, looks at dev that something was chosen by,
responses and tokens a test query, and whether it learnt from test users.

**Labels, as the paper gives them and equal.** The paper's plain SFT sees the whole train set, its -R rows some 10k chains. Both are shown, as two rows and not by a setting: \`sft-full\` has all labels of train but dev's users' (the paper's way), \`sft\` those of the queries that chains and RL have (equal).
One evaluation can so have both, side by side, and \`labels\` in each budget says how many it were. \`sft-ind\` has the equal ones. In the synthetic world all labels are those of chains, RL and PRMU.

What is sampled is kept by content (weights, prompt, decoding, seed) in \`RUN/cache/answers\`: a second evaluation asks nothing twice, and rows that share a prompt share its responses.
\`eval.profile\` and \`eval.paths\` show other items or ask other data. Nothing is trained anew for them.

${methodsChoices()}
${methodsMeasured()}
## A method of your own in \`src/methods\`

\`src/methods/rag-r.ts\` is the one to begin with; the type \`Method\` in \`src/eval/types.ts\` says what each field means. A method gets everything as \`tools\`: samplers of any weights
of the run, the renderer, tags, budgets, seeds, a store, vectors. It knows no run, so a test gives it fakes (\`src/eval/testing/fakes.ts\`).
`;
}

/** What an ablation puts over the default config, and what it does anew; of any other method nothing. */
function ablationLine(method: Method): string[] {
  const ablation = ablationOf(method);
  if (ablation === null) return [];
  const set = ABLATIONS[ablation](configSchema.parse({}));
  const stages = ABLATION_STAGES.filter((one) => one.ablation === ablation).map(({ name }) => name);
  const code = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(", ");
  return [`| \`${method.name}\` | ${code(set)} | ${code(stages)} |`];
}

function line({ name, label, paper, source, trains }: Method): string {
  const stages = trains.length === 0 ? "nothing" : trains.map((stage) => `\`${stage}\``).join(", ");
  const cells = [`\`${name}\``, label, paper, source, stages, `[${name}.ts](../src/methods/${name}.ts)`];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
