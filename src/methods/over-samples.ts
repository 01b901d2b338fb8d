import { TagprError } from "../core/errors.ts";
import { zipStrict } from "../core/zip.ts";
import type { Task } from "../data/task.ts";
import type { ShownExample } from "../data/types.ts";
import type { Cost, Method, Reply, Tools } from "../eval/types.ts";
import { majorityOf } from "../metrics/samples.ts";
import { conventionOf } from "../metrics/score.ts";
import { readLeniently } from "../prompts/lenient.ts";
import { readResponse } from "../prompts/response.ts";
import { taskOf } from "./ask-each.ts";
import { medoid } from "./medoid.ts";

type Sample = NonNullable<Reply["samples"]>[number];

/** One sampled response, and its answer as it is read: strictly, else leniently; null where it can't be. */
interface Read extends Sample {
  readonly answer: string | null;
}

/** Which of a query's samples answers for it, by its place, and what people may see of the choice. */
type Choose = (
  queries: readonly { readonly example: ShownExample; readonly read: readonly Read[] }[],
  tools: Tools,
) => Promise<readonly { readonly at: number; readonly made: Readonly<Record<string, unknown>> }[]>;

/** `rag-r/majority@8`, `tagpr/best-of-8` */
const NAME = /^([a-z][a-z0-9-]{0,60})\/(majority@|best-of-)(\d{1,3})$/;
/** Samples a query at most, as of `eval.samples`. */
const MOST = 256;

/** The row and the rule that a name is made of; null of any other name. */
export function partsOf(name: string): { of: string; rule: "majority@" | "best-of-"; n: number } | null {
  const [, of = "", rule = "", digits = ""] = NAME.exec(name) ?? [];
  const n = Number(digits);
  if (of === "" || n < 2 || n > MOST) return null;
  return { of, rule: rule === "majority@" ? "majority@" : "best-of-", n };
}

/**
 * A row whose answer is chosen among n samples of another row, drawn as `eval.samples` draws them: at the highest of
 * `eval.temperatures`, 1 where there is none. Where that asks for as many, they are the very same.
 *
 * majority@n (self-consistency, Wang et al. 2022): the label or grade that most samples give, of equals the one drawn first;
 * of free text the medoid by ROUGE-L. best-of-n: the sample with the highest logit of PRMU, of equals the one drawn first.
 * What can't be read neither votes nor wins, unless nothing can: then the first sample stands.
 * @throws TagprError `usage` where no samples can be drawn of the row
 */
export function overSamples(name: string, row: Method): Method {
  const parts = partsOf(name);
  if (parts === null || row.draws === false)
    throw new TagprError("usage", `eval.methods: ${name} can't be: ${row.name} draws no samples to choose from`, {
      hint: "majority@N and best-of-N are made of a row that is one prompt and one response.",
    });
  const { n, rule } = parts;
  const { prepare } = row;
  const best = rule === "best-of-";
  return {
    ...{ name, trains: row.trains, profile: row.profile, reasoning: row.reasoning, draws: false },
    label: `${row.label}, ${best ? "best of " : "majority@"}${n}`,
    paper: "–",
    source: best ? "ours; PRMU is the paper's, section 3.3" : "Wang et al. 2022, arXiv 2203.11171; the medoid is ours",
    about: `Of ${n} samples of \`${row.name}\` ${best ? "the one that the reward model prefers" : "the answer that most give, of free text the one nearest to the others"}.`,
    ...(row.adapts === undefined ? {} : { adapts: row.adapts }),
    ...(best ? { scored: true } : {}),
    responses: row.responses === 0 ? 0 : n,
    ...(row.external === undefined ? {} : { external: row.external }),
    ...(prepare === undefined ? {} : { prepare: async (preparing) => overSamples(name, await prepare(preparing)) }),
    answer: async (examples, tools) => {
      const draw = { n, temperature: tools.draw?.temperature ?? 1 };
      const replies = await row.answer(examples, { ...tools, draw });
      const queries = zipStrict(examples, replies).map(([example, reply]) => ({
        example,
        read: samplesOf(name, reply, n).map((one) => readOf(taskOf(tools, example), one, row.reasoning)),
      }));
      const chosen = await (best ? byReward(name) : byMajority)(queries, tools);
      return zipStrict(zipStrict(replies, queries), chosen).map(([[reply, { read }], { at, made }]): Reply => {
        const { response, tokens, truncated } = read[at] as Read;
        const { samples: _, ...rest } = reply;
        return {
          ...{ ...rest, response, tokens, truncated, cost: costOf(reply, read) },
          made: { ...reply.made, answers: read.map(({ answer }) => answer), chosen: at, ...made },
        };
      });
    },
  };
}

function samplesOf(name: string, { samples = [] }: Reply, n: number): readonly Sample[] {
  if (samples.length === n) return samples;
  throw new TagprError("usage", `${name}: its row drew ${samples.length} samples where ${n} were asked for`, {
    hint: "A method of your own draws `tools.draw.n` samples at `tools.draw.temperature` and gives them as `samples`.",
  });
}

function readOf(task: Task, sample: Sample, reasoning: boolean): Read {
  const { response, truncated } = sample;
  const strict = readResponse(response, { task, reasoning, truncated }).answer;
  const answer = task.kind === "generation" ? readLeniently(response, task) : (strict ?? readLeniently(response, task));
  return { ...sample, answer: answer === "" ? null : answer };
}

/** The greedy answer that came with them is not this row's. */
const costOf = ({ cost, tokens }: Reply, read: readonly Read[]): Cost => ({
  ...cost,
  sampledTokens: cost.sampledTokens - tokens + read.reduce((sum, one) => sum + one.tokens, 0),
  responses: cost.responses - 1 + read.length,
});

const byMajority: Choose = async (queries, tools) =>
  queries.map(({ example, read }) => {
    const task = taskOf(tools, example);
    const one = task.kind === "generation" ? medoid(read, conventionOf(task)) : majorityOf(read);
    return { at: one === null ? 0 : read.indexOf(one), made: {} };
  });

const byReward =
  (name: string): Choose =>
  async (queries, { reward }) => {
    if (reward === undefined)
      throw new TagprError("usage", `${name} needs the reward model of a run, and there is none here`, {
        hint: "Evaluate a run that trained one (prmu.variant other than none or an oracle), or take majority@N.",
      });
    const logits = await reward(
      queries.flatMap(({ example, read }) => read.map(({ response: text }) => ({ example, text }))),
    );
    let from = 0;
    return queries.map(({ read }) => {
      const own = logits.slice(from, from + read.length);
      from += read.length;
      const readable = read.some(({ answer }) => answer !== null);
      const scores = zipStrict(read, own).map(([{ answer }, logit]) =>
        readable && answer === null ? Number.NEGATIVE_INFINITY : logit,
      );
      return { at: scores.indexOf(Math.max(...scores)), made: { logits: own } };
    });
  };
