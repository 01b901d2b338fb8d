import { CANDIDATES } from "../methods/hydra-adapter.ts";
import { MOST_INTERVENTIONS, CANDIDATES as R2P_CANDIDATES, SAMPLING } from "../methods/r2p-chains.ts";
import { MOST_TOKENS } from "../methods/summarise.ts";

/** Of `docs/methods.md`: what a source leaves open and we chose, and the rows that only a config names. */
export const methodsChoices = (): string => `## What the sources leave open, and we chose

- \`pag\`, \`pag-r\`: the base model sums up all shown items (\`profile.k\`), greedily, in ${MOST_TOKENS} tokens at most and a quarter of the prompt at most. The prompt then has the summary and the newest half of the items.
  A summary is made once for the same items of a user and a task, and kept. It never sees an item that its query is not shown. Predictions hold it (\`made.summary\`).
- \`r2p\` ("-like"): three levels, headed task, profile and answer. ${R2P_CANDIDATES} chains a query at temperature ${SAMPLING.temperature} and top-p ${SAMPLING.topP}. A chain that leaves a level out, empty or out of order is cut back to there
  and goes on behind a correction: ${MOST_INTERVENTIONS} a chain at most, then it is closed. The model sees the ${R2P_CANDIDATES} answers and gives one, at once and greedily. Predictions hold every chain and what was put in (\`made.candidates\`).
- \`pplug\`: the constant that brings soft tokens to the model's scale is calibrated to the mean length of its embeddings. The projector begins without biases, the instruction as a vector of length 1. Texts are read without dropout.
  Dev's loss chooses the weights, answers are greedy (the source: beam 4), the labels are those of chains and RL. The text encoder is \`engines.embeddings_model\`: MiniLM here, BGE by name (\`BAAI/bge-base-en-v1.5\`). Predictions say which items count most (\`made.attention\`).
  \`pplug\` leaves tags and scores out of the vectors, as the source's code does; \`pplug-labels\` has them in. Titles and tweets are text, so on tasks of writing their vectors are the same.
- \`hydra-adapter\`: ${CANDIDATES} answers of the base model, asked as \`rag\`, at temperature 1; beside it stand \`rag/majority@8\` over the same answers, \`rag-r/majority@8\` and \`tagpr/majority@8\`. The text encoder is MiniLM (\`hydra.encoder\`; the source's \`allenai/longformer-base-4096\` by name).
  It reads the answer, the query and the items from the newest on: its cut takes old items. A head has one output where the source's has two, and there is no dropout. Right is an answer that the gold stands in; of free text what was sampled is wrong and the gold right, as in the source's code.
  Then the encoder stays, and each test user gets a head of its own, which begins as the mean of the trained ones. It learns from the newest items of the history (\`hydra.own\`), each asked as a query with the items before it. Where an item is no query (citations, tweets) the mean scores. Predictions say which head it was (\`made.head\`).
- \`prlm\`, \`prlm-sft\`: the contrastive reward model is one for all tasks, a sentence encoder (\`prlm.encoder\`; the source's \`bert-base-uncased\` by name), on the queries of \`data.prmu\`, whose golds it doesn't read. Pairs of equal answers are left out.
  Quality is ROUGE-1 + ROUGE-2 + ROUGE-L of a text; of a label or a grade, which the source doesn't have, the verifiable reward. GRPO has the settings of \`guided\`, with bounds of 0.2 a token and the passes of \`guided\` and \`explore\` together: TagPR's budget.
  \`prlm\` begins with the base model, as in the source, and its prompt names no tags; \`prlm-sft\` with the SFT model, as TagPR does. TagPR w/o SFT (\`tagpr-no-sft\`) is compared with \`prlm\` where both are asked.
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
a request that fails ends the evaluation, and the same command asks for the rest alone. \`--max-cost 5\` ends a command that has paid five dollars (what is on its way is still paid), \`tagpr suite … --dry-run\` estimates before, the row's budget says the dollars.

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
