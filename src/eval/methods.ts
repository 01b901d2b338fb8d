/** Whose weights answer: the base model, or the model that a stage wrote (`RUN/<stage>/model.json`). */
export type Weights = "base" | "sft" | "guided" | "explore";

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
  sft: {
    label: "SFT (w/o RL)",
    paper: "TagPR w/o RL",
    weights: "sft",
    profile: true,
    reasoning: true,
    about: "Trained to imitate tagged chains; no reinforcement learning.",
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

/** A method's row, or a bare one for a name that the table does not know (a file of a newer version). */
export function methodLabel(name: string): string {
  return name in METHODS ? METHODS[name as MethodName].label : name;
}

/** {@link methodLabel} as a term of a difference: `guided RL`, not `+ guided RL`. */
export const pairLabel = (name: string): string => methodLabel(name).replace(/^\+ /, "");

/** The comparisons of every result, `[a, b]` for a − b; those whose methods were not run are left out. */
export const COMPARISONS: readonly (readonly [MethodName, MethodName])[] = [
  ["tagpr", "rag-r"],
  ["tagpr", "sft"],
  ["tagpr", "guided"],
  ["guided", "sft"],
  ["sft", "rag-r"],
  ["rag-r", "zero-shot"],
];
