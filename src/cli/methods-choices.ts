import { CANDIDATES, MOST_INTERVENTIONS, SAMPLING } from "../methods/r2p-chains.ts";
import { MOST_TOKENS } from "../methods/summarise.ts";

/** Of `docs/methods.md`: what a source leaves open and we chose, and the rows that only a config names. */
export const methodsChoices = (): string => `## What the sources leave open, and we chose

- \`pag\`, \`pag-r\`: the base model sums up all shown items (\`profile.k\`), greedily, in ${MOST_TOKENS} tokens at most and a quarter of the prompt at most. The prompt then has the summary and the newest half of the items.
  A summary is made once for the same items of a user and a task, and kept. It never sees an item that its query is not shown. Predictions hold it (\`made.summary\`).
- \`r2p\` ("-like"): three levels, headed task, profile and answer. ${CANDIDATES} chains a query at temperature ${SAMPLING.temperature} and top-p ${SAMPLING.topP}. A chain that leaves a level out, empty or out of order is cut back to there
  and goes on behind a correction: ${MOST_INTERVENTIONS} a chain at most, then it is closed. The model sees the ${CANDIDATES} answers and gives one, at once and greedily. Predictions hold every chain and what was put in (\`made.candidates\`).
- \`ROW/majority@N\`, \`ROW/best-of-N\` (N from 2 to 256), of every row that is one prompt and one response, APIs and your own too: samples at the highest of \`eval.temperatures\`, 1 where there is none; the same that \`eval.samples\` draws where it asks for as many.
  majority@N is the label or grade that most samples give, of equals the one drawn first; of free text it is the answer with the highest mean ROUGE-L against the others. best-of-N is the sample with PRMU's highest logit; a run without a reward model refuses it.
  What can't be read neither votes nor wins. Predictions hold all answers (\`made.answers\`).

## Rows that a config names

\`\`\`yaml
eval:
  methods: [rag-r, api-gpt-4o, api-qwen-r, own-last, file-theirs]
  apis:
    gpt-4o: { url: https://api.openai.com/v1, model: gpt-4o, key_env: OPENAI_API_KEY, price_in: 2.5, price_out: 10 }
    qwen:
      url: https://example.com/v1
      model: Qwen/Qwen3-235B-A22B
      thinking: { on: { chat_template_kwargs: { enable_thinking: true } }, off: { chat_template_kwargs: { enable_thinking: false } } }
  own: { last: ./last.ts } # or ./methods.ts#last
  predictions: { theirs: ./predictions.jsonl }
\`\`\`

**A model behind an API**: \`api-NAME\` answers at once, \`api-NAME-r\` reasons. It sees what \`rag\` and \`rag-r\` see. Thoughts that come apart or inside \`<think>\` are read as reasoning. Answers are kept and paid once; what is refused is a wrong answer;
a request that fails ends the evaluation, and the same command asks for the rest alone. \`--max-cost 5\` ends a command that has paid five dollars (what is on its way is still paid), \`--dry-run\` estimates before, the row's budget says the dollars.

**A method of your own**: a module that exports a function, or an object with one and what is to be said of it.

\`\`\`ts
import type { ShownExample } from "tagpr/data";

export default {
  label: "last label",
  reasoning: false, // true: an answer stands behind </think>
  answer: async (examples: readonly ShownExample[]) =>
    examples.map(({ shown }) => shown.at(-1)?.fields.tag ?? ""),
};
\`\`\`

It gets \`(examples, tools)\` as every method does (\`Tools\` in \`src/eval/types.ts\`) and gives one reply an example: a text, or \`{response, tokens, truncated, shown, cost, samples, made}\` of which all but the response may be left out.
Another text of the module is another method: nothing that was made with the old one counts for it. It is a program: it may do what you may do.

**A file of predictions**: rows of JSONL, CSV or Parquet with \`id\` or \`query\`, one of \`output\`, \`prediction\`, \`answer\`, \`pred\`, \`response\`, and perhaps \`task\`; LaMP's own JSON (\`{"task", "golds": [{"id", "output"}]}\`); an object of id and text;
\`eval/*.jsonl\` of another run; or a folder of such files, one a task. Where every text holds \`</think>\`, answers are read behind it. Queries that it lacks are told by their number: the evaluation is refused, or with \`eval.missing: wrong\` they count as wrong. Predictions of other queries are left out, and told.

Each of these rows is compared with \`tagpr\` and with \`rag-r\`, a row of samples with the row that it is made of, where those are asked too.
`;
