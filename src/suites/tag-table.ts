import type { TagSet } from "../chains/types.ts";
import { TAG_MEANINGS } from "../core/tags.ts";
import { num, percent, whole } from "../report/format.ts";
import { html } from "../report/html.ts";
import { hueIndex } from "../report/palette.ts";
import { bars } from "../report/plots/bars.ts";
import type { Canvas, Picture } from "../report/plots/draw.ts";
import type { chainTags } from "./chain-tags.ts";
import { type Entry, entry, type Table, type TableRow } from "./shown.ts";

type Used = Awaited<ReturnType<typeof chainTags>>;

/** So many free names of a cluster, and letters of an example, are shown. */
const [NAMES, LETTERS] = [5, 110];

/** Figure 9: the primary tags, what each is for, and the free names that were clustered into it. */
export function tagTable({ tags, clusters }: TagSet, used: Used): Table {
  const steps = stepsIn(used);
  const rows = tags.map((tag): TableRow => {
    const { steps: own = 0, chains = 0, example } = used.uses.get(tag) ?? {};
    const members = clusters.find((one) => one.tag === tag)?.members ?? [];
    const names = members.slice(0, NAMES).map(({ name, count }) => `${name} (${whole(count)})`);
    const more = members.length > NAMES ? `, and ${members.length - NAMES} more` : "";
    return {
      label: tag,
      entries: [
        entry(meaningOf(tag)),
        entry(members.length === 0 ? "–" : `${names.join(", ")}${more}`),
        share(own, steps),
        share(chains, used.chains),
        example === undefined ? entry("–") : { text: shortened(example), personal: true },
      ],
    };
  });
  return {
    ...{ id: "data-tags", caption: "The primary tags", head: "Tag" },
    columns: [
      { head: "a step that", text: true },
      { head: "free names clustered into it (times)", text: true },
      ...["of all steps", "of the chains have it"].map((head) => ({ head })),
      { head: "for example", text: true },
    ],
    rows,
    notes: [
      `${whole(used.chains)} chains of ${num(used.chains === 0 ? null : steps / used.chains, 1)} steps, those held out included. The example is the tag's first step in the file.`,
      "What a step does is our wording: the paper's text has the names of five tags alone. Of another name the free names of its cluster say it.",
    ],
  };
}

const stepsIn = ({ uses }: Used): number => [...uses.values()].reduce((sum, own) => sum + own.steps, 0);

const meaningOf = (tag: string): string =>
  (TAG_MEANINGS as Readonly<Record<string, string>>)[tag] ?? "does what its free names say";

const share = (part: number, of: number): Entry => ({ text: percent(part / of), value: part / of });

const shortened = (text: string): string => {
  const letters = [...text.replaceAll(/\s+/g, " ")];
  return letters.length <= LETTERS ? letters.join("") : `${letters.slice(0, LETTERS).join("")}…`;
};

export function tagPicture(canvas: Canvas, { tags }: TagSet, used: Used): Picture {
  const steps = stepsIn(used);
  const found = tags.map((tag) => {
    const value = steps === 0 ? 0 : (used.uses.get(tag)?.steps ?? 0) / steps;
    return { label: tag, value, text: percent(value), hue: hueIndex(tag, tags) };
  });
  const caption = "The primary tags by their share of all steps of the training chains.";
  return bars(canvas, {
    name: "data-tags",
    alt: `${caption} ${found.map(({ label, text }) => `${label} ${text}`).join(", ")}.`,
    caption: html`${caption}`,
    bars: found,
  });
}
