import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { openFolder } from "../stages/data-files.ts";
import { endsEarly, type Foreseen, foresee, foreseenText, refusalOf } from "./foreseen.ts";

/** `n` movies of `users` users, whose items tell the answer. */
function folder(n: number, users: number): string {
  const path = join(mkdtempSync(join(tmpdir(), "foreseen-")), "LaMP_2");
  const profile = ["a", "b"].map((id) => ({ id, tag: "comedy", description: "Two clowns inherit a circus in Paris" }));
  const questions = Array.from({ length: n }, (_, i) => ({
    ...{ id: `q${i}`, user_id: `u${i % users}`, profile },
    input: "tags: [comedy, action] description: The clowns of Paris",
  }));
  const golds = questions.map(({ id }) => ({ id, output: "comedy" }));
  mkdirSync(path);
  const files = {
    ...{ train_questions: questions, train_outputs: { task: "LaMP_2", golds } },
    ...{ dev_questions: questions.slice(0, 1), dev_outputs: { task: "LaMP_2", golds: golds.slice(0, 1) } },
  };
  for (const [name, value] of Object.entries(files)) writeFileSync(join(path, `${name}.json`), JSON.stringify(value));
  return path;
}

const config = configSchema.parse({
  data: { source: "files", chains: 60, dev: 20, prmu: 20, rl: 10 },
  ...{ teacher: { kind: "rules" }, judge: { kind: "rules" }, tagger: { kind: "rules" }, chains: { per_query: 1 } },
});
const of = async (path: string) => foresee(await openFolder(path, config.data), config);

it("what a run makes of a folder is told by the run's own cuts, users held out included", async () => {
  // Two of twelve users are the dev slice's, and one of the other ten is held out.
  const found = await of(folder(120, 12));
  expect(found).toMatchObject({ dev: 20, asked: 60, chains: 60, prmu: 20 });
  expect(found.train.queries).toBe(found.train.chains);
  expect(60 - found.train.chains).toBeGreaterThan(0);
  expect(60 - found.train.chains).toBeLessThan(11);
});

it("what a run would refuse is a sentence", async () => {
  expect(await of(folder(4, 4)).catch(refusalOf)).toMatch(
    /^a run would be refused: .*4 train queries are too few.*20 at least$/,
  );
  expect(await of(folder(60, 1)).catch(refusalOf)).toMatch(/all 60 train queries are of one user.*two users at least$/);
  await expect(async () => refusalOf(new Error("a fault"))).rejects.toThrow("a fault");
});

it("says what is too little, and what will be left out", () => {
  const enough: Foreseen = { asked: 40, chains: 40, train: { chains: 24, queries: 12 }, dev: 30, prmu: 8 };
  const mixed = { answers: { different: 3, commonest: 0.5, shown: 0.5 } };
  const text = (more: Partial<Foreseen>, answers: typeof mixed | { answers: null } = mixed) =>
    foreseenText({ ...enough, ...more }, answers).join("; ");
  expect(text({})).toBe(
    "a run makes chains of 40 queries, and trains SFT on 24 chains of 12 queries: enough (24 chains of 12 queries are the least)",
  );
  expect(text({ train: { chains: 23, queries: 12 } })).toMatch(/too few.*the run will end there/);
  expect(text({}, { answers: { different: 1, commonest: 1, shown: 1 } })).toMatch(/end in one answer.*will end there/);
  expect(text({}, { answers: null })).toMatch(/enough/);
  expect(text({ prmu: 7 })).toMatch(/come of 7 queries, fewer than 8: it will be left out/);
  expect(text({ dev: 1 })).toMatch(/the dev slice has 1 query: /);
  expect(endsEarly({ ...enough, train: { chains: 24, queries: 11 } }, mixed)).toBe(true);
});
