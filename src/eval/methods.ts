import type { ModelStage } from "../model/files.ts";

/** Whose weights answer: the base model, or the model that a stage wrote (`RUN/<stage>/model.json`). */
export type Weights = "base" | ModelStage;

/** A method of the evaluation as plain data; `evaluateMethod` needs nothing else to run it. */
export interface Method {
  /** Shown in tables. */
  readonly label: string;
  /** The paper's name of it, where it differs. */
  readonly paper: string;
  readonly weights: Weights;
  /** Whether the prompt shows items of the user's history. */
  readonly profile: boolean;
  /** Thinking on (the paper's -R) or off. */
  readonly reasoning: boolean;
  /** One sentence for a reader who has not seen the paper. */
  readonly about: string;
}

/** Every method, in the order of the tables. Further baselines are further rows. */
export const METHODS = {
  "zero-shot": {
    label: "Zero-shot",
    paper: "Zero-shot",
    weights: "base",
    profile: false,
    reasoning: false,
    about: "The base model sees the query alone and answers at once.",
  },
  "zero-shot-r": {
    label: "Zero-shot-R",
    paper: "Zero-shot-R",
    weights: "base",
    profile: false,
    reasoning: true,
    about: "The base model sees the query alone and reasons first.",
  },
  rag: {
    label: "RAG",
    paper: "RAG",
    weights: "base",
    profile: true,
    reasoning: false,
    about: "The base model sees items of the user's history and answers at once.",
  },
  "rag-r": {
    label: "RAG-R (Base)",
    paper: "RAG-R (Base)",
    weights: "base",
    profile: true,
    reasoning: true,
    about: "The base model sees items of the user's history and reasons first.",
  },
  "sft-gold": {
    label: "SFT on gold, at once",
    paper: "SFT",
    weights: "gold",
    profile: true,
    reasoning: false,
    about:
      "Trained on the true answers of the same labelled queries, without any chain; sees the user's items and answers at once.",
  },
  sft: {
    label: "SFT (w/o RL)",
    paper: "TagPR w/o RL",
    weights: "sft",
    profile: true,
    reasoning: true,
    about: "Trained to imitate tagged chains; no reinforcement learning.",
  },
  "sft-rejection": {
    label: "Rejection-sampling SFT",
    paper: "–",
    weights: "rejection",
    profile: true,
    reasoning: true,
    about:
      "The SFT model, trained on those of its own sampled responses to RL's queries that are right: RL's labels and as many samples, no RL.",
  },
  guided: {
    label: "+ guided RL",
    paper: "stage 1 of TagPR",
    weights: "guided",
    profile: true,
    reasoning: true,
    about: "After the first stage of reinforcement learning, with all five rewards.",
  },
  tagpr: {
    label: "TagPR",
    paper: "TagPR",
    weights: "explore",
    profile: true,
    reasoning: true,
    about: "After the second, exploratory stage: the whole method.",
  },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS;

/** All method names, in the order of the tables. */
export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** Labels that a run's own settings change, as `result.json` keeps them. */
export type Labels = Readonly<Record<string, string>>;

/** What a run's SFT learnt (`sft.form`) makes another method of its row: a row is called what it is. */
const SFT_AS = {
  tagged: {},
  untagged: {
    label: "SFT, untagged (w/o RL)",
    paper: "–",
    about: "Trained to imitate the chains with their tags stripped; no reinforcement learning.",
  },
  gold: {
    label: "SFT on gold (sft.form)",
    paper: "SFT",
    reasoning: false,
    about: "Trained on the true answers of the chains' queries, without any chain; answers at once.",
  },
} as const satisfies Record<string, Partial<Method>>;

/** A method in a run whose SFT has learnt this. */
export const methodAs = (name: MethodName, form: keyof typeof SFT_AS): Method =>
  name === "sft" ? { ...METHODS.sft, ...SFT_AS[form] } : METHODS[name];

/** A method's row, or a bare one for a name that the table does not know (a file of a newer version). */
export function methodLabel(name: string, labels: Labels = {}): string {
  return labels[name] ?? (name in METHODS ? METHODS[name as MethodName].label : name);
}

/** {@link methodLabel} as a term of a difference: `guided RL`, not `+ guided RL`. */
export const pairLabel = (name: string, labels: Labels = {}): string => methodLabel(name, labels).replace(/^\+ /, "");

/** The comparisons of every result, `[a, b]` for a − b; those whose methods were not run are left out. */
export const COMPARISONS: readonly (readonly [MethodName, MethodName])[] = [
  ["tagpr", "rag-r"],
  ["tagpr", "sft-gold"],
  ["tagpr", "sft"],
  ["tagpr", "sft-rejection"],
  ["tagpr", "guided"],
  ["guided", "sft"],
  ["sft", "rag-r"],
  ["rag-r", "zero-shot"],
];
