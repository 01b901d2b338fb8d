import { expect, it } from "vitest";
import { ANSWER_KEPT_MS } from "../store/answers.ts";
import { allFeedback } from "../store/feedback.ts";
import { putItems } from "../store/items.ts";
import { addKey } from "../store/keys.ts";
import { leftOf } from "../store/left.ts";
import { describeStores } from "../store/testing/stores.ts";
import { change, scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { makeApp } from "./app.ts";
import { feedbackKept } from "./feedback-schema.ts";
import { chatResponse, errorBody } from "./schema.ts";
import { fakeService, TOKEN } from "./testing/fake-service.ts";

const TASK = "synthetic_tag";
const MESSAGES = [{ role: "user", content: "a film about love" }];

describeStores("feedback", ({ open }) => {
  async function serve() {
    let now = 1000;
    const store = await open(undefined, () => now);
    const { service, logged } = await fakeService({ store });
    const app = makeApp(service);
    for (const [id, consent] of [
      ["ann", true],
      ["bob", false],
    ] as const) {
      const scope = scopeOf(store, id);
      await putUser(scope, { consent });
      const item = { id: "1", fields: { description: `a film that ${id} saw`, tag: "comedy" } };
      await change(scope, (c) => putItems(c, TASK, [item], 1));
    }
    const post = (path: string, body: object, key = TOKEN) =>
      app.request(path, {
        method: "POST",
        headers: { host: "localhost", authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const chat = async (body: object) =>
      chatResponse.parse(await (await post("/v1/chat/completions", { messages: MESSAGES, ...body })).json());
    const say = (body: object, key?: string) => post("/v1/feedback", body, key);
    const pass = (ms: number): void => {
      now += ms;
    };
    const kept = async () => (await store.db.selectFrom("answers").selectAll().execute()).length;
    return { store, logged, chat, say, post, pass, kept };
  }
  const codeOf = async (response: Response) => {
    const { error } = errorBody.parse(await response.json());
    return [response.status, error.code, error.param];
  };

  it("is kept for who consents, the later in place of the earlier, and for nobody else", async () => {
    const { store, chat, say, kept, logged } = await serve();
    const [ann, bob, nobody] = [await chat({ user: "ann" }), await chat({ user: "bob" }), await chat({})];
    expect([ann, bob, nobody].map(({ tagpr }) => tagpr.kept)).toEqual([true, false, false]);
    expect(await kept()).toBe(1);
    const first = await say({ id: ann.id, user: "ann", grade: 0 });
    expect(feedbackKept.parse(await first.json())).toMatchObject({ id: ann.id, choice: 0, answer: null, grade: 0 });
    await say({ id: ann.id, user: "ann", answer: " action " });
    expect(await allFeedback(store, TASK)).toMatchObject([
      { user: "ann", completion: ann.id, gold: "action", grade: null, answer: "comedy", given: null },
    ]);
    expect(await codeOf(await say({ id: bob.id, user: "bob", grade: 1 }))).toEqual([403, "no_consent", null]);
    expect(await codeOf(await say({ id: nobody.id, user: "cat", grade: 1 }))).toEqual([404, "user_not_found", null]);
    expect(JSON.stringify(logged)).not.toMatch(/ann|bob|action|love/);
  });

  it("of streams, of several choices, and of histories that came with the question", async () => {
    const { store, chat, say, post } = await serve();
    const stream = await post("/v1/chat/completions", { messages: MESSAGES, user: "ann", stream: true });
    const events = (await stream.text()).split("\n\n").filter((event) => event.startsWith("data: {"));
    const last = JSON.parse(events.at(-1)?.slice(6) ?? "") as { id: string; tagpr: { kept: boolean } };
    expect(last.tagpr.kept).toBe(true);
    expect((await say({ id: last.id, user: "ann", grade: 1 })).status).toBe(200);
    const items = [{ id: "x", description: "a film that came along", tag: "action" }];
    const two = await chat({ user: "ann", n: 2, tagpr: { items } });
    expect(await codeOf(await say({ id: two.id, user: "ann", choice: 2, grade: 1 }))).toEqual([
      400,
      "invalid_value",
      "choice",
    ]);
    expect((await say({ id: two.id, user: "ann", choice: 1, grade: 0.5 })).status).toBe(200);
    const given = [{ id: "x", fields: { description: "a film that came along", tag: "action" } }];
    expect((await allFeedback(store, TASK)).at(-1)).toMatchObject({ grade: 0.5, answer: "comedy", given });
    const left = await leftOf(scopeOf(store, "ann"));
    expect(left.answers.at(-1)).toMatchObject({ id: two.id, answers: ["comedy", "comedy"], shown: ["x"], given });
    expect(left.feedback.at(-1)).toMatchObject({ completion: two.id, answer: "comedy", given });
    expect(JSON.stringify(left)).not.toMatch(/user_id/);
  });

  it("is refused in a sentence: nothing said, no label, nobody, an answer to another, an old one", async () => {
    const { store, chat, say, pass, kept } = await serve();
    await putUser(scopeOf(store, "bob"), { consent: true });
    const { id } = await chat({ user: "ann" });
    expect(await codeOf(await say({ id, user: "ann" }))).toEqual([400, "invalid_value", null]);
    expect(await codeOf(await say({ id, user: "ann", grade: 2 }))).toEqual([400, "invalid_value", "grade"]);
    expect(await codeOf(await say({ id, user: "ann", answer: "no tag" }))).toEqual([400, "invalid_value", "answer"]);
    expect(await codeOf(await say({ id, grade: 1 }))).toEqual([400, "invalid_value", "user"]);
    const other = await say({ id, user: "bob", grade: 1 });
    expect(errorBody.parse(await other.clone().json()).error.message).toMatch(/30 days, where tagpr\.kept .* is true/);
    expect(await codeOf(other)).toEqual([404, "answer_not_found", "id"]);
    const bound = await addKey(store, { name: "b", scopes: ["ask", "write"], users: ["bob"] });
    expect(await codeOf(await say({ id, user: "ann", grade: 1 }, bound.secret))).toEqual([403, "user", null]);
    expect(await codeOf(await say({ id, grade: 1 }, bound.secret))).toEqual([404, "answer_not_found", "id"]);
    const asks = await addKey(store, { name: "a", scopes: ["ask"], users: ["ann"] });
    expect(await codeOf(await say({ id, grade: 1 }, asks.secret))).toEqual([403, "scope", null]);
    pass(ANSWER_KEPT_MS + 1);
    await chat({ user: "bob" });
    expect(await kept()).toBe(1);
    expect(await codeOf(await say({ id, user: "ann", grade: 1 }))).toEqual([404, "answer_not_found", "id"]);
  });

  it("goes when consent is taken back, and an answer on its way then is not kept", async () => {
    const { store, chat, say, kept } = await serve();
    const { id } = await chat({ user: "ann" });
    await say({ id, user: "ann", grade: 1 });
    await putUser(scopeOf(store, "ann"), { consent: false });
    expect([await kept(), await allFeedback(store, TASK)]).toEqual([0, []]);
    expect((await store.db.selectFrom("feedback").selectAll().execute()).length).toBe(0);
    expect((await chat({ user: "ann" })).tagpr.kept).toBe(false);
    expect(await codeOf(await say({ id, user: "ann", grade: 1 }))).toEqual([403, "no_consent", null]);
  });
});
