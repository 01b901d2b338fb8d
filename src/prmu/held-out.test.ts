import { describe, expect, it } from "vitest";
import type { QueryId, ShownExample, UserId } from "../data/types.ts";
import { tasks } from "../prompts/testing/tiny-world.ts";
import type { FaultKind, FaultPair } from "./faults.ts";
import { assess, type HeldOutReport, type Lead, type Score, verdicts } from "./held-out.ts";
import type { Pair, PairKind, Scored } from "./pairs.ts";

const example: ShownExample = {
  task: "LaMP_2",
  id: "q" as QueryId,
  user: null,
  input: "?",
  historyItems: 1,
  shown: [{ id: "i1", fields: { tag: "comedy", description: "two clerks stage a heist" } }],
  gold: "comedy",
};

/** A pair in one line: the model's margin, and preferred − rejected in tokens and in mentions of the history. */
interface Line {
  readonly user: string;
  readonly margin: number;
  readonly tokens?: number;
  readonly mentions?: -1 | 0 | 1;
}

/** One word of the shown item, or none; the answer is the response's logit. */
const response = (mentions: boolean, logit: number): string =>
  `<think><a>so it is${mentions ? " a heist" : ""}</a></think>${logit}`;

const scored = ({ user, margin, tokens = 0, mentions = 0 }: Line, id: number): Scored => ({
  id,
  task: example.task,
  query: example.id,
  user: user as UserId,
  preferred: response(mentions > 0, margin),
  rejected: response(mentions < 0, 0),
  preferredScore: 1,
  rejectedScore: 0,
  preferredTokens: 50 + tokens,
  rejectedTokens: 50,
});
const pairsOf = (kind: PairKind, lines: readonly Line[]): Pair[] =>
  lines.map((line, id) => ({ ...scored(line, id), kind, split: "held_out" }));
const faultsOf = (kind: FaultKind, lines: readonly Line[]): FaultPair[] =>
  lines.map((line, id) => ({ ...scored(line, id), kind }));

/** What is said of pairs by a reward model whose logit of a response is the number that it answers. */
async function reportOn(pairs: readonly Pair[], faults: readonly FaultPair[] = []): Promise<HeldOutReport> {
  const score: Score = async (items) => items.map(({ text }) => Number(text.slice(text.lastIndexOf(">") + 1)));
  const examples = new Map([[`${example.task}/${example.id}`, example]]);
  return (await assess(score, { pairs, faults, examples, tasks, users: {}, rows: false, borrow: null })).report;
}

/** The same pairs with each rule's other direction right. */
const mirrored = (lines: readonly Line[]): Line[] =>
  lines.map(({ user, margin, tokens = 0, mentions = 0 }) => ({
    user,
    margin,
    tokens: -tokens,
    mentions: -mentions as -1 | 0 | 1,
  }));

describe("held-out pairs against rules", () => {
  // The model is right in 4 of 5. The shorter side is preferred in 3 of 5; the one that mentions less in 3, with a tie.
  const five: Line[] = [
    { user: "a", margin: 1, tokens: 5, mentions: -1 },
    { user: "b", margin: 1, tokens: -5, mentions: -1 },
    { user: "c", margin: 1, tokens: -5, mentions: -1 },
    { user: "d", margin: 1, tokens: 5, mentions: 0 },
    { user: "e", margin: -1, tokens: -5, mentions: 1 },
  ];
  const one: Line[] = [{ user: "f", margin: -1, tokens: 5, mentions: 1 }];

  it("count what each rule sees, kinds apart", async () => {
    const { length, history } = await reportOn([...pairsOf("PQP", five), ...pairsOf("PRP", one)]);
    expect(length.PQP).toEqual({ preferredLonger: 2, rejectedLonger: 3, equal: 0, ruleAccuracy: 0.6 });
    expect(history.PQP).toEqual({ preferredLonger: 1, rejectedLonger: 3, equal: 1, ruleAccuracy: 0.7 });
    expect(length.PRP).toEqual({ preferredLonger: 1, rejectedLonger: 0, equal: 0, ruleAccuracy: 1 });
    expect(history.PRP).toEqual(length.PRP);
  });

  it("lead over the rule's better direction, whichever it is", async () => {
    for (const lines of [five, mirrored(five)]) {
      const { over } = await reportOn(pairsOf("PQP", lines));
      // 0.8 − 0.6 and 0.8 − 0.7; over the worse directions it would be 0.4 and 0.5.
      expect(over.PQP.length.difference).toBeCloseTo(0.2, 12);
      expect(over.PQP.history.difference).toBeCloseTo(0.1, 12);
      expect(over.PRP.length).toEqual({ difference: null, low: null, high: null });
    }
  });

  it("are behind a rule that is right where the model is not; one user gives no interval", async () => {
    const { over } = await reportOn(pairsOf("PRP", one));
    expect(over.PRP.length).toEqual({ difference: -1, low: null, high: null });
    expect(over.PRP.history).toEqual({ difference: -1, low: null, high: null });
  });

  it("have the interval of paired differences over users", async () => {
    // Of 200 users with two like pairs each, 110 where model and rule are right, 40 where the model alone is, 50 where
    // neither is: the difference is 1 with p = 0.2, so 0.2 ± 1.96·√(p(1 − p)/200) = 0.2 ± 0.0554. Model (0.75) and rule
    // (0.55) drawn apart would give ± 0.0914, pairs drawn instead of users ± 0.0392. 1000 draws are good to 0.01.
    const lines = Array.from({ length: 400 }, (_, i): Line => {
      const user = Math.floor(i / 2);
      const ruled = user < 110 ? 1 : -1;
      return { user: `u${user}`, margin: user < 150 ? 1 : -1, tokens: 5 * ruled, mentions: ruled };
    });
    for (const side of [lines, mirrored(lines)]) {
      const { PQP } = (await reportOn(pairsOf("PQP", side))).over;
      for (const { difference, low, high } of [PQP.length, PQP.history]) {
        expect(difference).toBeCloseTo(0.2, 12);
        expect(Math.abs((low ?? 0) - (0.2 - 0.0554))).toBeLessThan(0.01);
        expect(Math.abs((high ?? 0) - (0.2 + 0.0554))).toBeLessThan(0.01);
      }
    }
  });
});

describe("calibration", () => {
  it("has the mean probability of the favoured side and how often that side was right, in bins of a tenth", async () => {
    // A margin of ln(odds) is a probability of odds/(odds + 1): odds of 13/7 are 0.65, of 3 0.75, of 19 0.95, of 49 0.98.
    const odds = [13 / 7, 3, 3, 3, 3, 19, 49];
    const signs = [-1, 1, 1, 1, -1, 1, 1];
    const margins = [0, ...odds.map((o, i) => Math.log(o) * (signs[i] ?? 0))];
    const { calibration } = await reportOn(
      pairsOf(
        "PQP",
        margins.map((margin, i) => ({ user: `u${i}`, margin })),
      ),
    );
    const expected = [
      { predicted: 0.5, right: 0.5, pairs: 1 },
      { predicted: 0.65, right: 0, pairs: 1 },
      { predicted: 0.75, right: 0.75, pairs: 4 },
      { predicted: 0.965, right: 1, pairs: 2 },
    ];
    expect(calibration).toHaveLength(expected.length);
    for (const [i, { predicted, right, pairs }] of expected.entries()) {
      expect(calibration[i]?.predicted).toBeCloseTo(predicted, 6);
      expect(calibration[i]).toMatchObject({ right, pairs });
    }
  });

  it("keeps certainty in the last bin, wrong where the rejected side was favoured", async () => {
    const { calibration } = await reportOn(pairsOf("PRP", [{ user: "a", margin: -1000 }]));
    expect(calibration).toEqual([{ predicted: 1, right: 0, pairs: 1 }]);
  });
});

describe("controlled accuracy", () => {
  const at = (tokens: number, margins: readonly number[]): Line[] =>
    margins.map((margin, i) => ({ user: `u${tokens}${i}`, margin, tokens }));

  it("is a half for a model that looks at length alone, however unequal the sides are", async () => {
    const lines = [...at(5, [1, 1, 1, 1, 1, 1]), ...at(-5, [-1]), ...at(2, [1, 1]), ...at(-2, [-1])];
    const { controlled, accuracy } = await reportOn(pairsOf("PQP", lines));
    expect(accuracy.PQP.unseen.accuracy).toBe(0.8);
    expect(controlled.PQP.length).toMatchObject({ pairs: 10, accuracy: 0.5 });
  });
  it("is the mean of both sides in each stratum, and says nothing of strata that have one side", async () => {
    const lines = [...at(5, [1, 1, 1, -1]), ...at(-5, [1, 1]), ...at(40, [1, 1, 1, 1, 1])];
    const { controlled } = await reportOn(pairsOf("PQP", lines));
    // (3/4 + 2/2)/2 of the six pairs of 4–7 tokens; the five of 32–63 are all one way.
    expect(controlled.PQP.length.pairs).toBe(6);
    expect(controlled.PQP.length.accuracy).toBeCloseTo(0.875, 12);
    expect((await reportOn(pairsOf("PQP", at(3, [1])))).controlled.PQP.length).toMatchObject({
      pairs: 0,
      accuracy: null,
    });
  });
});

describe("planted faults", () => {
  it("have an accuracy each", async () => {
    const lines = (margins: readonly number[]): Line[] => margins.map((margin, i) => ({ user: `u${i}`, margin }));
    const found = [...faultsOf("invented", lines([1, -1, -1, -1])), ...faultsOf("other_profile", lines([1, 1, 0]))];
    const { faults } = await reportOn([], found);
    expect(faults.invented).toMatchObject({ pairs: 4, accuracy: 1 / 4 });
    expect(faults.other_profile).toMatchObject({ pairs: 3, accuracy: 2.5 / 3 });
  });
});

describe("verdicts", () => {
  const length: Lead = { difference: 0.25, low: 0.125, high: 0.375 };
  const history: Lead = { difference: 0.125, low: 0.001, high: 0.25 };
  const beats = { length, history };
  const right = { pairs: 20, accuracy: 0.75, low: 0.625, high: 0.875 };
  const faults: HeldOutReport["faults"] = { invented: right, other_profile: right };
  const held = { length: right, history: { ...right, pairs: 0, accuracy: null } };
  const controlled = { PRP: held, PQP: held };
  const rest = { faults, ownRow: null, controlled };
  const over = (PRP: typeof beats, PQP: typeof beats) => verdicts({ ...rest, over: { PRP, PQP } });

  it("accept a model that beats both rules on both kinds of pairs, and say by how much", () => {
    const by = "(by 0.250 [0.125, 0.375]) or at mentions of the history (by 0.125 [0.001, 0.250])";
    const where =
      "; right in 0.750 [0.625, 0.875] of 20 pairs where length tells nothing, in no pairs where mentions tell nothing";
    expect(over(beats, beats)).toEqual({
      accepted: true,
      sentences: [
        ...["PRP", "PQP"].map((kind) => `${kind}: better than rules that look only at length ${by}${where}`),
        ...["invented statements", "another user's items"].map(
          (what) => `Planted faults, ${what}: better than chance (0.750 [0.625, 0.875] of 20 right)`,
        ),
      ],
    });
  });

  it.each([
    ["an interval that begins at 0", { difference: 0.25, low: 0, high: 0.5 }],
    ["an interval around 0", { difference: 0.25, low: -0.125, high: 0.5 }],
    ["a rule that is better", { difference: -0.25, low: -0.375, high: -0.125 }],
    ["one user", { difference: 0.25, low: null, high: null }],
  ])("accept nothing with %s, over either rule and on either kind", (_, lead) => {
    for (const rule of ["length", "history"]) {
      const short = { ...beats, [rule]: lead };
      const [first, second] = [over(short, beats), over(beats, short)];
      expect([first.accepted, second.accepted]).toEqual([false, false]);
      expect(first.sentences[0]).toMatch(/^PRP: not shown to be better than/);
      expect(first.sentences[1]).toMatch(/^PQP: better than/);
      expect(second.sentences[1]).toMatch(/^PQP: not shown to be better than/);
      if (lead.low === null) expect(first.sentences[0]).toContain("(by 0.250, one user: no interval)");
    }
  });

  it("accept nothing that does not find planted faults, nor where none could be planted", () => {
    for (const bad of [
      { pairs: 20, accuracy: 0.6, low: 0.5, high: 0.75 },
      { pairs: 0, accuracy: null, low: null, high: null },
    ])
      for (const kind of ["invented", "other_profile"] as const) {
        const found = verdicts({ ...rest, over: { PRP: beats, PQP: beats }, faults: { ...faults, [kind]: bad } });
        expect(found.accepted).toBe(false);
        expect(found.sentences.filter((text) => /not shown|nothing is known/.test(text))).toHaveLength(1);
      }
  });

  it("ask of user embeddings, where there are any, that a user's own row helps", () => {
    const withRow = (ownRow: Lead) => verdicts({ over: { PRP: beats, PQP: beats }, controlled, faults, ownRow });
    expect(withRow(history)).toMatchObject({ accepted: true });
    expect(withRow(history).sentences.at(-1)).toBe(
      "User embeddings: better than the unknown row on seen users (by 0.125 [0.001, 0.250])",
    );
    expect(withRow({ ...history, low: 0 }).accepted).toBe(false);
    const none = withRow({ difference: null, low: null, high: null });
    expect(none.accepted).toBe(false);
    expect(none.sentences.at(-1)).toMatch(/no held-out pairs of seen users/);
  });

  it("accept nothing where a kind has no held-out pairs", () => {
    const none: Lead = { difference: null, low: null, high: null };
    const { accepted, sentences } = over(beats, { length: none, history: none });
    expect(accepted).toBe(false);
    expect(sentences[1]).toBe("PQP: no held-out pairs, nothing is known");
  });
});
