import { num, percent } from "../../report/format.ts";
import { html } from "../../report/html.ts";
import { bars } from "../../report/plots/bars.ts";
import { cloud } from "../../report/plots/cloud.ts";
import type { Canvas, Picture } from "../../report/plots/draw.ts";
import { OWN } from "../cells.ts";
import { type Contender, contender, trained } from "../contenders.ts";
import { askedTasks } from "../evaluation.ts";
import type { Kind } from "../kind.ts";
import { mostSaid, type SaidWords, saidWords, shareOf } from "../said-words.ts";
import type { Table } from "../shown.ts";

/** Words of a cloud, and of each side of the bars. */
const [CLOUD, SIDE] = [60, 10];

/** Figure 6: what the reasoning of base and trained model is about, as clouds, and as bars which read better. */
export const content: Kind = {
  name: "content",
  title: "Words of the reasoning",
  paper: "Figure 6, appendix B.2",
  about: "Which words stand in the chains of the base and of the trained model, and which set them apart.",
  needs: (suite, methods) => [{ variant: OWN, profile: {}, methods: [...new Set([suite.base, ...methods])] }],
  show: async ({ suite, methods, evaluations, canvas }) => {
    const all = evaluations();
    const reasoning = [...new Set([suite.base, ...methods])]
      .flatMap((method) => contender(all, method))
      .filter(({ reasons }) => reasons);
    const [base, last] = [reasoning.find(({ key }) => key === suite.base), trained(reasoning)];
    if (base === undefined || last === undefined || base === last)
      return {
        tables: [],
        pictures: [],
        says: [`It needs ${suite.base} and one of tagpr, guided, sft-r, both reasoning.`],
      };
    const tasks = askedTasks(all, suite);
    const read = ({ evaluations: [first], method }: Contender) => saidWords(first?.file(method) ?? "", tasks);
    const [before, after] = [await read(base), await read(last)];
    const apart = [...new Set([...before.count.keys(), ...after.count.keys()])]
      .map((word) => ({ word, before: shareOf(before, word), after: shareOf(after, word) }))
      .toSorted((a, b) => b.after - b.before - (a.after - a.before) || (a.word < b.word ? -1 : 1));
    const more = apart.filter((one) => one.after > one.before).slice(0, SIDE);
    const less = apart.filter((one) => one.after < one.before).slice(-SIDE);
    const named = ({ word }: { word: string }): string => word;
    return {
      tables: [tableOf([...more, ...less], base, last)],
      pictures: [
        ...[
          { of: base, words: before, name: "content-base" },
          { of: last, words: after, name: "content-trained" },
        ].map(({ of, words, name }) => cloudOf(name, of, words)),
        barsOf(canvas, more, last),
      ],
      says: [
        `${last.label} says more often than ${base.label}: ${more.map(named).join(", ") || "nothing"}; less often: ${less.map(named).join(", ") || "nothing"}.`,
      ],
    };
  },
};

interface Apart {
  readonly word: string;
  readonly before: number;
  readonly after: number;
}

function cloudOf(name: string, { label }: Contender, words: SaidWords): Picture {
  const most = mostSaid(words, CLOUD);
  return cloud(
    most.map((word) => ({ word, weight: shareOf(words, word) })),
    {
      name,
      alt: `Words that most chains of ${label} have: ${most
        .slice(0, 12)
        .map((word) => `${word} ${percent(shareOf(words, word))}`)
        .join(", ")}.`,
      caption: html`Words in the chains of ${label}; a word's area goes with the share of its ${words.chains} chains that have it.`,
    },
  );
}

function barsOf(canvas: Canvas, more: readonly Apart[], { label }: Contender): Picture {
  return bars(canvas, {
    name: "content-more",
    alt: `What ${label} says more often than the base, in points of the chains: ${more.map((one) => `${one.word} ${points(one)}`).join(", ")}.`,
    caption: html`What ${label} says more often than the base: share of its chains less that of the base's, in points.`,
    bars: more.map((one) => ({ label: one.word, value: one.after - one.before, text: points(one), hue: 0 })),
  });
}

const points = ({ before, after }: Apart): string => num(100 * (after - before), 0);

function tableOf(rows: readonly Apart[], base: Contender, last: Contender): Table {
  return {
    ...{
      id: "content",
      caption: "Words that set the reasoning apart, share of the chains that have them",
      head: "Word",
    },
    columns: [base.label, last.label, "difference"].map((head) => ({ head })),
    rows: rows.map(({ word, before, after }) => ({
      label: word,
      entries: [before, after, after - before].map((value) => ({ text: percent(value), value })),
    })),
    notes: [
      "Stop words and numbers are left out, and words of fewer than three people's chains. Of several seeds the first one's.",
      "A word is counted once a chain. Nothing is tested: the words were chosen for their difference.",
    ],
  };
}
