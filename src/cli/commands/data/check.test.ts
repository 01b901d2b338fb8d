import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { shell } from "../../testing/shell.ts";

const { cwd, tagpr } = shell();
const folder = (name: string, users: Record<string, string>, profile: object[]): void => {
  mkdirSync(join(cwd, name));
  for (const [split, user_id] of Object.entries(users)) {
    const questions = [{ id: split, user_id, input: `article: of ${split}`, profile }];
    writeFileSync(join(cwd, name, `${split}_questions.json`), JSON.stringify(questions));
    const outputs = { task: "LaMP_4", golds: [{ id: split, output: "x" }] };
    writeFileSync(join(cwd, name, `${split}_outputs.json`), JSON.stringify(outputs));
  }
};
folder("good", { train: "ann", dev: "bob" }, [{ id: 1, text: "t", title: "T", date: "2018" }]);
folder("shared", { train: "ann", dev: "ann" }, [{ id: 1, text: "t", title: "T" }]);
folder("bad", { train: "ann", dev: "bob" }, [{ id: 1, text: "t" }]);

it("counts beside the paper's Table 4, exit code 0", async () => {
  const { code, out } = await tagpr("data", "check", "good");
  expect(code).toBe(0);
  expect(out).toMatch(/^good: LaMP_4\n/);
  expect(out).toMatch(/train +1 +12500 ≠ +1 +1 +1, 1, 1\n/);
  expect(out).toMatch(
    /a run would be refused: .*1 train queries are too few.*\nno fault found, but a run by .* would end/s,
  );
});

it("every bad record and every leak is named, exit code 3; --json has all", async () => {
  const bad = await tagpr("data", "check", "bad", "shared");
  expect(bad.code).toBe(3);
  expect(bad.out).toMatch(/bad records.*: 2\n.*a profile item has no title: .*record 1 \(id dev\).*\(item 1, id 1\)/);
  expect(bad.out).toMatch(/leaks: 1\n {2}shared users: train and dev share users, and no dates.*: 1 \(ann\)/);
  const [report] = JSON.parse((await tagpr("data", "check", "shared", "--json")).out);
  expect(report).toMatchObject({ dir: "shared", ok: false, leaks: [{ kind: "shared users", ids: ["ann"] }] });
});

it("a folder without files, a folder that isn't there", async () => {
  expect(await tagpr("data", "check", ".")).toMatchObject({ code: 3, err: expect.stringMatching(/questions\.json/) });
  expect(await tagpr("data", "check", "none")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/none is not there/),
  });
});

it("says that a run would refuse golds that its reward can't tell from wrong ones, exit code 3", async () => {
  folder("korean", { train: "ann", dev: "bob" }, [{ id: 1, text: "t", title: "T", date: "2018" }]);
  for (const id of ["train", "dev"]) {
    const golds = [{ id, output: `제목 하나 ${id === "dev" ? 2 : 1}` }];
    writeFileSync(join(cwd, "korean", `${id}_outputs.json`), JSON.stringify({ task: "LaMP_4", golds }));
  }
  const { code, out } = await tagpr("data", "check", "korean");
  expect(code).toBe(3);
  expect(out).toMatch(
    /a run would be refused: 1\n.*language is en.*counts \d+% of the gold answers' letters.*language: ko/,
  );
  const [report] = JSON.parse((await tagpr("data", "check", "korean", "good", "--json")).out);
  expect(report).toMatchObject({ ok: false, rewards: [{ meant: false }] });
});
