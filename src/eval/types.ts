import type { Progress } from "../core/progress.ts";
import type { Task } from "../data/task.ts";
import type { ProfileItem, QueryId, ShownExample, UserId } from "../data/types.ts";
import type { SampleRequest } from "../engine/types.ts";
import type { Store } from "../llm/store.ts";
import type { ChatModel } from "../llm/types.ts";
import type { EncoderStage, ModelStage, SoftStage, TaskStage } from "../model/files.ts";
import type { ScoreItem } from "../prmu/scorer-types.ts";
import type { Cut } from "../prompts/budget.ts";
import type { Renderer } from "../prompts/renderer.ts";
import type { Embed } from "../retrieval/retrieve.ts";
import type { Truth } from "../rewards/truth.ts";

/**
 * A method of the evaluation: one row of a table. One file of `src/methods/` holds one method; `rag-r.ts` is the example to
 * begin with. A method is plain data and one function. It knows no run: samplers, tags, budgets and seeds come as
 * {@link Tools}, and what it trains is the name of a stage, which `src/run` binds to work that is skipped, resumed and redone.
 */
export interface Method {
  /** In `eval.methods`, `result.json` and names of files: small letters, digits and hyphens. */
  readonly name: string;
  /** Shown in tables. */
  readonly label: string;
  /** The paper's name of it; `–` where it has none. */
  readonly paper: string;
  /** Where it is described: a section of the paper, an arXiv id, or whose behaviour is followed. */
  readonly source: string;
  /** One sentence for a reader who has not seen the paper. */
  readonly about: string;
  /** The stages whose `model.json` it answers from; none: nothing is trained for it. Their own inputs follow from them. */
  readonly trains: readonly TrainedBy[];
  /** Whether its prompt shows items of the user's history. */
  readonly profile: boolean;
  /** Whether its responses reason before they answer (the paper's -R): how they are read. */
  readonly reasoning: boolean;
  /** Whether it learns from the histories of the very users it is tested on, beyond showing them in a prompt. */
  readonly adapts?: true;
  /** False where no answers can be drawn of it at a temperature that is the evaluation's to choose: it has its own, or none. */
  readonly draws?: false;
  /** Whether no model of the run answers: an API, a file, a module of one's own that asks elsewhere. */
  readonly external?: true;
  /**
   * What can only be known once the queries are, before anything is asked: what a module exports, whether a file has all the
   * answers. The evaluation goes on with the method that comes back.
   * @throws TagprError where the method can't answer them
   */
  readonly prepare?: (preparing: Preparing) => Promise<Method>;
  /** Responses that it samples of a model of the run for one query, for plans; default 1, the greedy answer. */
  readonly responses?: number;
  /** Whether PRMU chooses among its answers: then the run needs its reward model ({@link Tools.reward}). */
  readonly scored?: true;
  /**
   * What it asks for a query, where that is one prompt and its greedy response alone: so that others can go on with it.
   * Absent of a method that asks otherwise.
   */
  readonly asks?: (example: ShownExample, tools: Tools) => OneAsk;
  /**
   * Answers examples as one ordered unit: `result[i]` answers `examples[i]`. It is called batch after batch, and after a
   * kill again from the first one: what `tools.sample`, `tools.chat` and `tools.store` gave before they give again at once,
   * so that a method needs no resuming of its own. Equal examples, tools and seeds must give equal replies.
   * @throws TagprError where the whole evaluation can't go on; a response that is only bad is a reply all the same
   */
  readonly answer: (examples: readonly ShownExample[], tools: Tools) => Promise<Reply[]>;
}

/** What a method is prepared for. */
export interface Preparing {
  /** Every query of the evaluation. */
  readonly examples: readonly ShownExample[];
  /** For what a person should know before it begins, in one line. */
  readonly say: (line: string) => void;
}

/** The stages that train a model which answers, by their folders in a run. */
export type TrainedBy = ModelStage | TaskStage | EncoderStage;

/** The one prompt of a query. */
export interface OneAsk {
  readonly weights: Weights;
  /** Token ids. */
  readonly prompt: readonly number[];
  /** The items that it shows, in its numbering. */
  readonly shown: readonly ProfileItem[];
}

/** Whose weights: the base model's, those that a stage trained, or its model of one task where it trains one a task. */
export type Weights = "base" | TrainedBy | `${TrainedBy}/${string}`;

/** What a method answers with. Everything impure comes in here. */
export interface Tools {
  readonly tasks: ReadonlyMap<string, Task>;
  /** Of the base model; every model of a run has its tokens and its chat form. */
  readonly renderer: Renderer;
  /** Tags that the system prompt of a method with reasoning names; empty names none. */
  readonly tags: readonly string[];
  /** Tokens of a prompt at most; items are cut to fit (`fitPrompt`). */
  readonly promptTokens: number;
  /** Tokens of a response at most. */
  readonly responseTokens: number;
  /** Of the evaluation; name your own streams with `seedOf(tools.seed, "eval", …, task, query)`. */
  readonly seed: number;
  /** What is drawn of each query beside its greedy answer (`eval.samples`, `eval.temperatures`): see {@link Reply.samples}. Null: nothing. */
  readonly draw: { readonly n: number; readonly temperature: number } | null;
  /**
   * Samples from weights: `result[i]` are the responses to `asks[i]`. One call is one unit of the engine: ask for all
   * that you can ask for at once. Kept by content (weights, prompt, decoding, seed): what any method asked before, in this
   * evaluation or an earlier one of the run, is not asked again.
   */
  sample(weights: Weights, asks: readonly Ask[]): Promise<Drawn[][]>;
  /** A model of `eval.apis` by its name there; its answers are kept, and paid once. */
  chat(name: string): ChatModel;
  /** Logits of the run's reward model (PRMU), one an item, kept by content; absent where there is none. */
  readonly reward?: (items: readonly ScoreItem[]) => Promise<number[]>;
  /**
   * The soft tokens that a stage's text encoder makes of each query and its user's whole history, kept by content, and the
   * items that they are made of most.
   */
  softPrompts(stage: SoftStage, examples: readonly ShownExample[]): Promise<MadeSoft[]>;
  /** How right a stage's scorer finds answers to queries, by the head of each query's user; kept by content. */
  scoreAnswers(stage: "hydra", answers: readonly ScoreItem[]): Promise<AnswerScore[]>;
  /** Sentence vectors, kept by content. */
  readonly embed: Embed;
  /** Whatever else a method makes at some cost, by a key of its whole content; `name` is a file's. */
  store<T>(name: string): Store<T>;
  readonly progress: Progress;
}

/** Soft tokens of one query. */
export interface MadeSoft {
  /** [2][D]: what the prompt's tokens −1 and −2 stand for. */
  readonly soft: readonly (readonly number[])[];
  /** Items by their share in the second, the largest first; the first few of `of`. */
  readonly attention: readonly { readonly item: string; readonly weight: number }[];
  readonly of: number;
}

/** A scorer's verdict on one answer. */
export interface AnswerScore {
  /** Of being right; higher is better. */
  readonly logit: number;
  /** Whether the user has a head, or that of nobody was asked. */
  readonly own: boolean;
}

/** One prompt to sample from. */
export interface Ask {
  /** Token ids; to go on with a response, put its beginning behind: `[...prompt, ...renderer.encode(begun)]`. */
  readonly prompt: readonly number[];
  /** What the prompt's negative tokens stand for ({@link SampleRequest.soft}). */
  readonly soft?: readonly ArrayLike<number>[];
  /** Of the samples; 0 or absent is greedy. */
  readonly temperature?: number;
  readonly topP?: number;
  /** Responses; default 1. */
  readonly n?: number;
  readonly seed: number;
  /** Default: {@link Tools.responseTokens}. */
  readonly maxTokens?: number;
}

/** One response as sampled. */
export interface Drawn {
  /** Without the end of turn and without what the chat template itself begins a response with (`renderer.responsePrefix`). */
  readonly text: string;
  readonly tokens: number;
  /** Stopped by the cut-off. */
  readonly truncated: boolean;
}

/** What a method says to one query. */
export interface Reply {
  /** The response whose answer is scored, reasoning included, as a reader would see it (with the template's prefix). */
  readonly response: string;
  /** Of that response. */
  readonly tokens: number;
  readonly truncated: boolean;
  /** The items that its prompt showed, in the prompt's numbering: what it says of the history is checked against them. */
  readonly shown: readonly ProfileItem[];
  /** What was taken from the prompt to fit its budget. */
  readonly cut: readonly Cut[];
  readonly cost: Cost;
  /** Answers at `tools.draw`'s temperature, as many as it says; absent of a method that doesn't draw so. */
  readonly samples?: readonly Pick<Reply, "response" | "tokens" | "truncated">[];
  /** What else it made on its way, for people to look at: a summary, the candidates it chose from. Plain JSON. */
  readonly made?: Readonly<Record<string, unknown>>;
}

/** What one reply took, all its requests together, whether or not they were answered from what was kept. */
export interface Cost {
  readonly promptTokens: number;
  readonly sampledTokens: number;
  /** Responses that were sampled to make it: 1 of a plain greedy answer. */
  readonly responses: number;
  /** Of a priced API. */
  readonly dollars?: number;
}

/** One response, and how it is read. */
export interface Answered {
  /** The whole response as generated, special tokens left out. */
  readonly response: string;
  readonly tokens: number;
  readonly truncated: boolean;
  /** The answer read strictly; null when unreadable. */
  readonly strict: string | null;
  readonly lenient: string;
  /** Headline score of this query under the strict and the lenient reading; higher is better, errors negated. */
  readonly strictScore: number;
  readonly lenientScore: number;
  /** Whether what it says of the items that its prompt showed is so; absent in files of older versions, and where it does not reason. */
  readonly truth?: Truth;
}

/** What a method said to one evaluation query: its answer, and what else was drawn. */
export interface Prediction extends Answered {
  readonly task: string;
  readonly query: QueryId;
  readonly user: UserId | null;
  readonly gold: string;
  /** What was taken from the prompt to fit its budget; absent when nothing was. */
  readonly cut?: readonly Cut[];
  /** Answers drawn at a temperature; `primary` where they, and not the greedy one, make the score. */
  readonly sampled?: { readonly temperature: number; readonly primary: boolean; readonly answers: readonly Answered[] };
  /** Absent in files of older versions. */
  readonly cost?: Cost;
  /** {@link Reply.made} */
  readonly made?: Readonly<Record<string, unknown>>;
}
