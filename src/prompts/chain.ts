/** One step of a chain. `tag` is null for text that stands outside of any tag. */
export interface Step {
  readonly tag: string | null;
  readonly text: string;
}

export interface ChainReading {
  /** Steps in order, as far as they can be told apart; texts are trimmed. */
  readonly steps: readonly Step[];
  /** The first thing that makes the chain ill-formed; null when it is a clean sequence of `<tag>…</tag>` steps. */
  readonly fault: string | null;
}

/** Opening or closing markup of any name; what it may be named is the allowed set's business. */
export const MARKUP = /<(\/?)([A-Za-z][\w-]*)>/g;

/** Whether a text holds `<name>` or `</name>` of any name. */
export const hasMarkup = (text: string): boolean => text.search(MARKUP) >= 0;

/**
 * Reads the inside of `<think>` as a sequence of `<tag>…</tag>` steps and nothing else but white space.
 * Nested, unclosed or stray markup, text between steps, an empty step and the same step twice in a row are faults
 * (the last two are ours).
 */
export function readChain(text: string): ChainReading {
  const steps: Step[] = [];
  let fault: string | null = null;
  const blame = (what: string): void => {
    fault ??= what;
  };
  let open: string | null = null;
  let body = "";
  const close = (): void => {
    const step = { tag: open, text: body.trim() };
    body = "";
    if (step.text === "") {
      if (open !== null) blame(`<${open}> is empty`);
      else return;
    }
    const last = steps.at(-1);
    if (last !== undefined && last.tag === step.tag && last.text === step.text && step.tag !== null)
      blame(`<${step.tag}> stands twice in a row`);
    if (step.tag === null) blame("text outside of a tag");
    steps.push(step);
    open = null;
  };
  let at = 0;
  for (const match of text.matchAll(MARKUP)) {
    body += text.slice(at, match.index);
    at = match.index + match[0].length;
    const [, slash, name = ""] = match;
    if (slash === "/") {
      if (open === null) blame(`</${name}> closes nothing`);
      else if (open !== name) blame(`<${open}> is closed by </${name}>`);
      close();
    } else {
      if (open !== null) blame(`<${name}> begins inside <${open}>`);
      close();
      open = name;
    }
  }
  body += text.slice(at);
  if (open !== null) blame(`<${open}> is not closed`);
  close();
  return { steps, fault };
}

/** Where a step stands in a chain's text: from its opening tag to the next one's, and its words alone. */
export interface StepSpan {
  readonly from: number;
  readonly to: number;
  readonly text: { readonly from: number; readonly to: number };
}

/** Of a clean chain ({@link readChain} finds no fault) the spans of its steps, in order. */
export const stepSpans = (text: string): StepSpan[] =>
  [...text.matchAll(/<([A-Za-z][\w-]*)>([\s\S]*?)<\/\1>\s*/g)].map(
    ({ index, 0: whole, 1: name = "", 2: body = "" }) => {
      const from = index + name.length + 2;
      return { from: index, to: index + whole.length, text: { from, to: from + body.length } };
    },
  );
