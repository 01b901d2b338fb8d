import type { Entry } from "../shown.ts";

/** How an entry stands against the table's base, as a sign behind its number; colour is never the only one. */
export const SIGNS: Readonly<Record<NonNullable<Entry["verdict"]>, string>> = {
  better: "▲",
  worse: "▼",
  tied: "=",
  undecided: "",
};

export const signOf = ({ verdict }: Entry): string => (verdict === undefined ? "" : SIGNS[verdict]);

/** Text of users and models as it may be shown: with `redact` its length alone. */
export const shownText = ({ text, personal }: Entry, redact: boolean): string =>
  personal === true && redact ? redacted(text) : text;

export const redacted = (text: string): string => `[${[...text].length} characters]`;
