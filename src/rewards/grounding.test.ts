import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { itemStatement } from "../data/synthetic/prose.ts";
import { readItem } from "../data/synthetic/read.ts";
import { shapeOf } from "../data/synthetic/shapes.ts";
import { loadTask } from "../data/task-file.ts";
import type { ProfileItem } from "../data/types.ts";
import { readChain } from "../prompts/chain.ts";
import { statements } from "./grounding.ts";
import { groundingReward } from "./grounding-reward.ts";
import { decidingStatement, truthIn, truthOf, truthShares } from "./truth.ts";

const [movies, products, papers, headline] = ["LaMP_2", "LaMP_3", "LaMP_1", "LaMP_4"].map((name) => loadTask(name));
if (!movies || !products || !papers || !headline) throw new Error("tasks/ has lost one");
const item = (i: number, fields: Record<string, string>): ProfileItem => ({ id: `i${i}`, fields });
const shown = [
  item(1, { tag: "comedy", description: "Two clerks stage a heist at the county fair" }),
  item(2, { tag: "dystopia", description: "A wall divides the last city" }),
  item(3, { tag: "comedy", description: "A cook is elected by mistake" }),
];
const example = { shown, input: 'Which tag? description: "A judge on the run from the law"' };
const faults = (text: string, task = movies, of = example): (string | null)[] =>
  statements(text, task, of).map(({ fault }) => fault);

describe("a statement about the history, in real text", () => {
  it.each([
    ["[1] comedy", [null]],
    ["[2] law: comedy", ["item 2 is dystopia, not comedy"]],
    ["Item 1 is a comedy and item 2 is a comedy too.", [null, "item 2 is dystopia, not comedy"]],
    ["As in items 1 and 3, the user says comedy.", [null]],
    ["As in items 1, 2 and 3, the user says comedy.", ["item 2 is dystopia, not comedy"]],
    ["The second item is tagged comedy.", ["item 2 is dystopia, not comedy"]],
    ["They call a heist a comedy [1]. They call a wall a comedy [2].", [null, "item 2 is dystopia, not comedy"]],
    ["Item 2 is not a comedy but dystopia.", [null]],
    ["Example #7 is a comedy about cars.", ["there is no item 7"]],
    ["Movie 300 is a comedy.", []],
    ["Movie 2 is a comedy.", ["item 2 is dystopia, not comedy"]],
    ["Item 1 has clerks in it.", [null]],
    ["The 2nd item is comedy, history 2 is dystopia.", ["item 2 is dystopia, not comedy", null]],
    ["Item 2 is about walls like the query, so comedy.", [null]],
    ["Items 1-3 are comedy", ["item 2 is dystopia, not comedy"]],
    [
      "Item #2 (comedy) is close. **Item 2**: comedy",
      [...Array.from({ length: 2 }, () => "item 2 is dystopia, not comedy")],
    ],
    ["In 2019 items were fewer. 2 of these are about walls. So it is a comedy.", []],
  ] as const)("%s", (text, wanted) => expect(faults(text)).toEqual(wanted));

  it("of two labels that overlap the longer is meant", () => {
    const two = {
      ...example,
      shown: [
        item(1, { tag: "dark comedy", description: "A wake" }),
        item(2, { tag: "comedy", description: "A fair" }),
      ],
    };
    expect(faults("[1] a wake: dark comedy\n[2] a fair: comedy", movies, two)).toEqual([null, null]);
    expect(faults("[2] a fair: dark comedy", movies, two)).toEqual(["item 2 is comedy, not dark comedy"]);
    expect(faults("[1] comedy", movies, two)).toEqual(["item 1 is dark comedy, not comedy"]);
  });

  it("of a grade: what is said to be one, and no other number", () => {
    const two = { shown: [item(1, { text: "fine", score: "4" }), item(2, { text: "bad", score: "1" })], input: "?" };
    const said = (text: string) => faults(text, products, two);
    expect(said("Item 1: fine, score 4.\n[2] got 1/5")).toEqual([null, null]);
    expect(said("[1] scored 5 out of 5")).toEqual(["item 1 is 4, not 5"]);
    expect(said("Review 2 was given three stars.")).toEqual(["item 2 is 1, not 3"]);
    expect(said("Item 2 received a 5. It got a 5 pack.")).toEqual(["item 2 is 1, not 5"]);
    expect(said("Item 1 came with 2 batteries and was rated 4.")).toEqual([null]);
    expect(said("Item 2 broke after 3 days.")).toEqual([null]);
  });

  it("in Chinese, and in quotation marks of any writing", () => {
    const zh = { shown: [item(1, { title: "今天去吃了火锅，很辣" })], input: "写标题" };
    expect(faults("第1条写了火锅。第三条写了咖啡。", headline, zh)).toEqual([null, "there is no item 3"]);
    expect(faults("他写过「吃了火锅」，也写过「喝了咖啡」。", headline, zh)).toEqual([null, "stands in no shown item"]);
    expect(faults("They wrote “two clerks stage a heist”, and “three clerks rob a bank”.")).toEqual([
      null,
      "stands in no shown item",
    ]);
    expect(faults('The query, "a judge on the run", is new; "comedy" is a word.')).toEqual([null]);
  });

  it("LaMP-1's own [1] and [2] are answers, not items", () => {
    expect(faults("So [2] is the reference.", papers)).toEqual([]);
    expect(faults("Item 9 is close to [2].", papers)).toEqual(["there is no item 9"]);
  });

  it("a word for word copy of an item is always grounded, whoever is cited", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), (i) => {
        const one = shown[i - 1];
        expect(faults(`[${i}] "${one?.fields.description}" ${one?.fields.tag}`)).toEqual([null, null]);
      }),
    );
  });
});

describe("a statement of the synthetic world's prose", () => {
  const task = loadTask("synthetic_tag");
  const shape = shapeOf("tag");
  const text = (content: number): string =>
    shape.write([content], { pick: <T>(list: readonly T[]) => list[0] } as never);
  const labels = task.labels;
  const history = [
    [0, 1],
    [1, 2],
    [2, 2],
  ] as const;
  const items = history.map(([content, outcome], k) =>
    item(k + 1, { [shape.textField]: text(content), [shape.labelField]: shape.answer([content], outcome, "") }),
  );
  const world = { shown: items, input: shape.input(text(3)) };
  const said = (i: number, content: number, outcome: number): string => itemStatement(shape, i, [content], outcome);
  const of = (line: string): string | null | undefined => statements(line, task, world)[0]?.fault;

  it("is true when content and outcome are the item's own", () => {
    for (const { fields } of items) expect(readItem(shape, fields[shape.textField] ?? "", "").content).not.toBeNull();
    expect(of(said(1, 0, 1))).toBeNull();
    expect(of(`match ${said(2, 1, 2)}`)).toBeNull();
    // Right label, wrong concept: the evidence is made up all the same.
    expect(of(`match ${said(2, 3, 2)}`)).toMatch(/^item 2 is /);
    expect(of(said(2, 1, 3))).toMatch(/^item 2 is /);
    expect(of(said(9, 1, 3))).toBe("there is no item 9");
  });

  it("of the items together: what most are, and that some item is so", () => {
    expect(of(`most ${labels[2]}`)).toBeNull();
    expect(of(`most ${labels[1]}`)).toMatch(/most shown items are not/);
    const vote = said(1, 0, 1).slice(2);
    expect(of(`${vote} cynic`)).toBeNull();
    expect(of(`${said(1, 0, 3).slice(2)} cynic`)).toMatch(/^no shown item is/);
  });

  it("what a type usually does, or the query, is none of the history", () => {
    for (const line of [`type cynic`, `cynic ${said(1, 0, 1).slice(2)}`, `common ${said(1, 0, 1).slice(2)}`])
      expect(statements(line, task, world)).toEqual([]);
  });

  it("eight true lines can't hide the false one that decides", () => {
    const chain = `<a>${[1, 2, 3].map((i) => said(i, history[i - 1]?.[0] ?? 0, history[i - 1]?.[1] ?? 0)).join("\n")}</a><b>match ${said(3, 3, 4)}</b>`;
    const truth = truthIn({ steps: readChain(chain).steps, answer: labels[4] ?? "" }, task, world);
    expect(truth).toEqual({ stated: 4, wrong: 1, deciding: false });
    expect(groundingReward(truth)).toBe(0);
  });
});

describe("truth", () => {
  const all = statements("[1] comedy\n[2] dystopia\nItem 3 has a cook in it.", movies, example);

  it("decides by the last statement that gives the answer, else by the last", () => {
    expect(decidingStatement(all, "comedy")?.text).toBe("[1] comedy");
    expect(decidingStatement(all, "Dystopia")?.text).toBe("[2] dystopia");
    expect(decidingStatement(all, "action")?.text).toBe("Item 3 has a cook in it.");
    expect(decidingStatement(all, null)?.text).toBe("Item 3 has a cook in it.");
    expect(decidingStatement([], "comedy")).toBeNull();
  });

  it("is a share of statements, and nothing where none is made", () => {
    expect(truthOf([], "comedy")).toEqual({ stated: 0, wrong: 0, deciding: null });
    expect(groundingReward({ stated: 4, wrong: 1, deciding: true })).toBe(0.75);
    expect(groundingReward({ stated: 4, wrong: 1, deciding: false })).toBe(0);
    expect(groundingReward({ stated: 0, wrong: 0, deciding: null })).toBe(0);
    expect(
      truthShares([
        { stated: 4, wrong: 1, deciding: false },
        { stated: 0, wrong: 0, deciding: null },
      ]),
    ).toEqual({
      ...{ responses: 2, stated: 4, wrong: 1, decided: 1, decidedTrue: 0 },
    });
  });
});
