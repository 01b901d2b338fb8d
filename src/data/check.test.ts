import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkData } from "./check.ts";

interface Question {
  id: string;
  user_id?: string;
  input: string;
  date?: string;
  profile: object[];
}
const item = (id: string, date?: string, text = `a text of item ${id}`, title = `title ${id}`) => ({
  id,
  text,
  title,
  ...(date ? { date } : {}),
});
const ask = (id: string, user: string | null, profile: object[], text = `something new in ${id}`): Question => ({
  id,
  ...(user === null ? {} : { user_id: user }),
  input: `Generate a headline for the following article: ${text}`,
  profile,
});

function folder(
  splits: Record<string, Question[]>,
  gold: (id: string) => string = (id) => `gold headline of ${id}`,
): string {
  const dir = mkdtempSync(join(tmpdir(), "check-"));
  for (const [split, questions] of Object.entries(splits)) {
    writeFileSync(join(dir, `${split}_questions.json`), JSON.stringify(questions));
    const golds = questions.map(({ id }) => ({ id, output: gold(id) }));
    writeFileSync(join(dir, `${split}_outputs.json`), JSON.stringify({ task: "LaMP_4", golds }));
  }
  return dir;
}

const kinds = async (dir: string) => (await checkData(dir)).leaks.map((leak) => [leak.kind, leak.meant, leak.ids]);

describe("checkData", () => {
  it("counts, beside the paper's", async () => {
    const report = await checkData(
      folder({
        train: [ask("a", "u", [item("1", "2018")]), ask("b", "v", [item("2", "2018"), item("3", "2019")])],
        dev: [ask("c", "w", [])],
      }),
    );
    expect(report).toMatchObject({ task: "LaMP_4", ok: true, problems: [], leaks: [] });
    expect(report.splits).toEqual([
      {
        split: "dev",
        queries: 1,
        paper: 1500,
        users: 1,
        items: { least: 0, median: 0, most: 0 },
        withGold: 1,
        strangeGolds: {},
      },
      {
        split: "train",
        queries: 2,
        paper: 12500,
        users: 2,
        items: { least: 1, median: 2, most: 2 },
        withGold: 2,
        strangeGolds: {},
      },
    ]);
  });

  it("tells every bad record, and goes on", async () => {
    const dir = folder({ train: [ask("a", "u", []), ask("a", "u", []), ask("b", "v", [{ id: "1" }])] });
    const report = await checkData(dir);
    expect(report.ok).toBe(false);
    expect(report.problems).toHaveLength(3); // a gold and a question twice, an item without fields
    expect(report.problems.join("\n")).toMatch(/record 3 \(id b\).*a profile item has no \w+ \(item 1, id 1\)/);
  });

  it("users shared between splits: meant where time goes forward, a leak where nothing says so", async () => {
    const dated = {
      train: [ask("a", "u", [item("1", "2018")])],
      dev: [ask("b", "u", [item("1", "2018"), item("2", "2019")])],
    };
    expect(await kinds(folder(dated))).toEqual([["shared users", true, ["u"]]]);
    const undated = { train: [ask("a", "u", [item("1")])], dev: [ask("b", "u", [item("1")])] };
    expect(await kinds(folder(undated))).toEqual([["shared users", false, ["u"]]]);
    const backwards = { train: [ask("a", "u", [item("2", "2019")])], dev: [ask("b", "u", [item("1", "2018")])] };
    expect((await kinds(folder(backwards))).at(-1)).toEqual(["time", false, ["u"]]);
  });

  it("a query asked in two splits, a gold inside its input, a query inside its profile", async () => {
    const twice = { train: [ask("a", null, [], "the same words")], dev: [ask("b", null, [], "the same words")] };
    expect(await kinds(folder(twice))).toEqual([["shared query", false, ["a"]]]);
    const told = { train: [ask("a", "u", [], "so it says: GOLD  headline of a")] };
    expect(await kinds(folder(told))).toEqual([["gold in the input", false, ["a"]]]);
    const self = {
      train: [ask("a", "u", [item("1", "2018", "The very text asked about")], "The very  text asked about")],
    };
    expect(await kinds(folder(self))).toEqual([["query in its profile", false, ["a"]]]);
  });

  it("a gold that an earlier item already had is told but not blamed; short golds are no news", async () => {
    const repeated = { train: [ask("a", "u", [item("1", "2018", "x", "Weekly Roundup of News")])] };
    const report = await checkData(folder(repeated, () => "weekly roundup of news"));
    expect(report.ok).toBe(true);
    expect(report.leaks.map((leak) => leak.kind)).toEqual(["gold in the profile"]);
    expect(await kinds(folder({ train: [ask("a", "u", [], "yes we can")] }, () => "yes"))).toEqual([]);
  });

  it("an item later than its query", async () => {
    const late = { train: [{ ...ask("a", "u", [item("1", "2020-02-01")]), date: "2020-01-31" }] };
    expect(await kinds(folder(late))).toEqual([["time", false, ["a"]]]);
  });

  it("golds that are no label of the task", async () => {
    const dir = folder(
      { train: [{ ...ask("a", "u", []), profile: [{ id: 1, description: "d", tag: "comedy" }] }] },
      () => "funny",
    );
    writeFileSync(
      join(dir, "train_outputs.json"),
      JSON.stringify({ task: "LaMP_2", golds: [{ id: "a", output: "funny" }] }),
    );
    expect((await checkData(dir)).splits[0]?.strangeGolds).toEqual({ funny: 1 });
  });
});
