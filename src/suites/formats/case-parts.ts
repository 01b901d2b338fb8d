import { cutChain, type ShownChain } from "../../report/chain-html.ts";
import type { Case, CaseSide } from "../shown.ts";
import { redacted } from "./marks.ts";

/** The case as it may be shown: with `redact` every text of users and models by its length alone. */
export function shownCase(one: Case, redact: boolean): Case {
  if (!redact) return one;
  return {
    ...one,
    ...{ asked: redacted(one.asked), gold: redacted(one.gold) },
    items: one.items.map((item) => ({ ...item, text: redacted(item.text), date: null })),
    sides: one.sides.map(
      (side): CaseSide => ({ ...side, response: redactedResponse(side.response, one.tags), falsehoods: [] }),
    ),
  };
}

/** A response whose steps are there by their lengths; a tag that is none of the primary ones is a model's text too. */
function redactedResponse(response: string, tags: readonly string[]): string {
  const { parts, answer } = cutChain(response);
  if (parts.length === 0) return redacted(answer);
  const steps = parts.map(({ tag, text }) => {
    const name = tag === null || tags.includes(tag) ? tag : "other_tag";
    return name === null ? redacted(text) : `<${name}>${redacted(text)}</${name}>`;
  });
  return `<think>\n${steps.join("\n")}\n</think>\n${redacted(answer)}`;
}

interface Parts extends Pick<ShownChain, "answer"> {
  readonly parts: readonly (ShownChain["parts"][number] & { readonly wrong: CaseSide["falsehoods"] })[];
}

/** The parts of an answer, each with what is false in it. */
export function partsOf({ response, falsehoods }: CaseSide): Parts {
  const { parts, answer } = cutChain(response);
  return {
    parts: parts.map((part) => ({ ...part, wrong: falsehoods.filter(({ text }) => part.text.includes(text)) })),
    answer,
  };
}

/** `2018-05-26, score 3.214, not shown to RAG` */
export const itemFacts = ({ date, score, cutFrom }: Case["items"][number]): string =>
  [
    ...(date === null ? [] : [date]),
    ...(score === null ? [] : [`score ${score.toFixed(3)}`]),
    ...(cutFrom.length === 0 ? [] : [`not shown to ${cutFrom.join(", ")}`]),
  ].join(", ");

export const shortened = (text: string, most: number): string => {
  const letters = [...text.replaceAll(/\s+/g, " ").trim()];
  return letters.length <= most ? letters.join("") : `${letters.slice(0, most).join("")}…`;
};
