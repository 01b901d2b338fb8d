import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { examples, makeWorld, SHAPES } from "../../../data/synthetic/index.ts";
import { keepAnswer } from "../../../store/answers.ts";
import { keepFeedback } from "../../../store/feedback.ts";
import { putItems } from "../../../store/items.ts";
import { openStore, type Store } from "../../../store/open.ts";
import { change, findUser, scopeOf } from "../../../store/user.ts";
import { putUser } from "../../../store/users.ts";
import { shell } from "../../testing/shell.ts";

const TASK = "synthetic_tag";
const USERS = [...examples(makeWorld(0), SHAPES.tag, { split: "use", users: 6 })];

interface Saying {
  readonly user: string;
  readonly input: string;
  readonly gold?: string | null;
  readonly grade?: number | null;
  readonly answer?: string;
}

/** A user asks, and says what was true. */
async function use(
  store: Store,
  { user, input, gold = null, grade = null, answer = "comedy" }: Saying,
): Promise<string> {
  const scope = scopeOf(store, user);
  const row = await findUser(scope);
  const kept = {
    ...{ id: `chatcmpl-${user}-${input.length}-${store.now()}`, task: TASK, input, given: null, shown: [] },
    ...{ answers: [answer], revision: row?.revision ?? 0 },
  };
  await keepAnswer(scope, row?.born ?? "", kept);
  await keepFeedback(scope, { ...kept, time: store.now() }, { choice: 0, gold, grade });
  return kept.id;
}

async function filled() {
  const { cwd, tagpr } = shell();
  let now = Date.UTC(2030, 0, 1);
  const store = await openStore("sqlite:s.db", { now: () => (now += 60_000), cwd });
  for (const { user, profile, input, gold } of USERS) {
    const scope = scopeOf(store, user ?? "");
    await putUser(scope, { consent: true });
    await change(scope, (c) => putItems(c, TASK, profile, 1));
    await use(store, { user: user ?? "", input, gold });
  }
  const run = (...argv: string[]) => tagpr("data", "from-serve", "sqlite:s.db", "--out", "out", ...argv);
  const read = (name: string) => JSON.parse(readFileSync(join(cwd, "out", name), "utf8"));
  return { cwd, tagpr, store, run, read };
}

it("feedback becomes a folder that data check accepts, with the history as it was when the question was asked", async () => {
  const { store, run, read, tagpr } = await filled();
  const [first] = USERS;
  const scope = scopeOf(store, first?.user ?? "");
  const later = { id: "later", fields: { description: "a film seen after the question was asked", tag: "action" } };
  const [changed] = first?.profile ?? [];
  await change(scope, (c) =>
    putItems(c, TASK, [later, { ...changed, id: changed?.id ?? "", fields: { ...later.fields } }], 2),
  );
  await store.close();
  const made = await run();
  expect([made.code, made.out]).toEqual([0, "train: 4 queries of 4 users\ndev: 2 queries of 2 users\n"]);
  expect(made.err).toMatch(/an erasure in the store doesn't reach it/);
  const questions = [...read("train_questions.json"), ...read("dev_questions.json")];
  const golds = [...read("train_outputs.json").golds, ...read("dev_outputs.json").golds];
  for (const { user, profile, input, gold } of USERS) {
    const question = questions.find(({ user_id }) => user_id === user);
    expect(question).toMatchObject({ input });
    expect(golds.find(({ id }) => id === question.id)?.output).toBe(gold);
    expect(question.profile.length).toBe(profile.length - (user === first?.user ? 1 : 0));
  }
  expect(JSON.stringify(questions)).not.toContain("after the question");
  expect((await tagpr("data", "check", "out")).code).toBe(0);
  expect((await run()).code).toBe(0);
});

it("who does not consent is never exported, nor is what says no true answer; the later of two counts", async () => {
  const { store, run, read, tagpr } = await filled();
  const [one, two, three] = USERS.map(({ user }) => user ?? "");
  await putUser(scopeOf(store, one ?? ""), { consent: false });
  // As a dump that was brought back might have it.
  await store.db
    .insertInto("feedback")
    .values({
      ...{
        id: "x/0",
        user_id: one ?? "",
        task: TASK,
        input: "?",
        given: null,
        answer: null,
        gold: "comedy",
        grade: null,
      },
      ...{ completion: "x", asked: 1, revision: 9, time: 1 },
    })
    .execute();
  await use(store, { user: two ?? "", input: "Which tag? description: a film on the moon", grade: 0.5 });
  await use(store, { user: two ?? "", input: "Which tag? description: a film at sea", grade: 1, answer: "action" });
  await use(store, { user: three ?? "", input: USERS[2]?.input ?? "", gold: "violence" });
  await store.close();
  const made = await run("--split", "time");
  expect(made.err).toMatch(/left out: 1 say no true answer \(graded below 1/);
  expect(made.err).toMatch(/left out: 1 are of a question that the same user answered again/);
  expect((await tagpr("data", "check", "out")).code).toBe(0);
  const golds = [...read("train_outputs.json").golds, ...read("dev_outputs.json").golds];
  expect(golds.length).toBe(6);
  expect(golds.map(({ output }) => output)).toEqual(expect.arrayContaining(["action", "violence"]));
  expect(JSON.stringify([read("train_questions.json"), read("dev_questions.json")])).not.toContain(`"${one}"`);
});

it("what can't be exported is a sentence, and writes nothing", async () => {
  const { store, tagpr, run, cwd } = await filled();
  const empty = await openStore("sqlite:empty.db", { now: Date.now, cwd });
  await empty.close();
  const from = (url: string, ...argv: string[]) => tagpr("data", "from-serve", url, "--out", "o", ...argv);
  expect(await from("sqlite:empty.db")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/none, of users who consent/),
  });
  expect(await from("sqlite:none.db")).toMatchObject({ code: 2, err: expect.stringMatching(/there is no store/) });
  expect(await run("--task", "LaMP_3")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/no feedback on LaMP_3.*synthetic_tag/s),
  });
  expect(await run("--split", "time")).toMatchObject({
    code: 3,
    err: expect.stringMatching(/can't be cut into train and dev by time/),
  });
  await store.db
    .updateTable("feedback")
    .set({ task: "my_own" })
    .where("user_id", "=", USERS[0]?.user ?? "")
    .execute();
  expect(await run()).toMatchObject({ code: 3, err: expect.stringMatching(/on my_own, synthetic_tag[\s\S]*--task/) });
  await store.db.updateTable("feedback").set({ task: "my_own" }).execute();
  expect(await run()).toMatchObject({
    code: 3,
    err: expect.stringMatching(/unknown task my_own[\s\S]*--task TASK.yaml/),
  });
  await store.close();
});
