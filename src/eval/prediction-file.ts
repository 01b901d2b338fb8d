/** The file of a method's predictions below `RUN/eval`: `rag-r/majority@8` stands in `rag-r+majority@8.jsonl`. */
export const predictionFile = (method: string): string => `${method.replace("/", "+")}.jsonl`;

/** The method whose predictions a file of that folder holds; null of a file that is called otherwise. */
export const methodOfFile = (file: string): string | null =>
  /^[a-z][\w+@-]{0,80}\.jsonl$/.test(file) ? file.slice(0, -".jsonl".length).replace("+", "/") : null;

/** File of what its chains' steps do to its answers (`eval.causal`), below an evaluation's folder. */
export const causalFile = (method: string): string => `causal/${predictionFile(method)}`;
