/** What a stretch of a response adds to its chain and to its answer. */
export interface Part {
  readonly reasoning: string;
  readonly content: string;
}

/** Reads a response as it comes: each call takes what has come, `end` what was held back. */
export interface Splitter {
  push(text: string): Part;
  end(): Part;
}

const OPEN = "<think>";
const CLOSE = "</think>";

/**
 * Parts a response into chain and answer, wherever it is cut: what stands between an opening `<think>` and the first `</think>`
 * is the chain, the rest the answer; without an opening `<think>` all of it is. White space around either is left out. The
 * pieces joined are the same whatever the cuts.
 */
export function splitter(reasoning: boolean): Splitter {
  let at: "start" | "chain" | "answer" = reasoning ? "start" : "answer";
  let held = "";
  const [chain, answer] = [trimmer(), trimmer()];
  const push = (text: string): Part => {
    held += text;
    let said = "";
    if (at === "start") {
      const begun = held.trimStart();
      if (begun.length < OPEN.length && OPEN.startsWith(begun)) return { reasoning: "", content: "" };
      at = begun.startsWith(OPEN) ? "chain" : "answer";
      held = at === "chain" ? begun.slice(OPEN.length) : held;
    }
    if (at === "chain") {
      const close = held.indexOf(CLOSE);
      const upto = close < 0 ? held.length - partial(held, [CLOSE]) : close;
      said = held.slice(0, upto);
      held = held.slice(close < 0 ? upto : close + CLOSE.length);
      if (close >= 0) at = "answer";
    }
    if (at !== "answer") return { reasoning: chain(said), content: "" };
    const rest = held;
    held = "";
    return { reasoning: chain(said), content: answer(rest) };
  };
  return {
    push,
    end: () => {
      const rest = held;
      held = "";
      return at === "chain" ? { reasoning: chain(rest), content: "" } : { reasoning: "", content: answer(rest) };
    },
  };
}

/** Lets text through without white space before the first and after the last of it. */
function trimmer(): (text: string) => string {
  let begun = false;
  let space = "";
  return (text) => {
    const whole = begun ? space + text : text.trimStart();
    const out = whole.trimEnd();
    begun ||= out !== "";
    space = begun ? whole.slice(out.length) : "";
    return out;
  };
}

/** Length of the longest end of a text with which one of the marks begins. */
function partial(text: string, marks: readonly string[]): number {
  let most = 0;
  for (const mark of marks)
    for (let n = Math.min(mark.length - 1, text.length); n > most; n--) if (text.endsWith(mark.slice(0, n))) most = n;
  return most;
}

/** Ends an answer before the first of the stop strings. */
export interface Stopper {
  push(text: string): { readonly text: string; readonly stopped: boolean };
  end(): string;
}

export function stopper(stops: readonly string[]): Stopper {
  let held = "";
  return {
    push: (text) => {
      held += text;
      const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
      const stopped = found.length > 0;
      const upto = stopped ? Math.min(...found) : held.length - partial(held, stops);
      const out = held.slice(0, upto);
      held = stopped ? "" : held.slice(upto);
      return { text: out, stopped };
    },
    end: () => held,
  };
}
