import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readJson, readJsonl } from "../core/jsonl.ts";
import { filesBelow } from "../core/run-dir.ts";
import { examples, makeWorld, SHAPES } from "../data/synthetic/index.ts";
import type { Result } from "../eval/result-types.ts";
import { STAGES } from "../run/stages/index.ts";
import { makeApp } from "../serve/app.ts";
import { chatResponse } from "../serve/schema.ts";
import { fakeService, TOKEN } from "../serve/testing/fake-service.ts";
import { putItems } from "../store/items.ts";
import { openStore } from "../store/open.ts";
import { change, scopeOf } from "../store/user.ts";
import { putUser } from "../store/users.ts";
import { shell } from "./testing/shell.ts";
import { startTagpr } from "./testing/tiny-run.ts";

/** The true answers alone, one epoch: what learning from feedback needs at least. */
const CONFIG = `
name: use
data: { source: files, chains: 8, rl: 4, prmu: 4, dev: 4, test: 4 }
teacher: { kind: rules }
judge: { kind: rules }
tagger: { kind: rules }
prompt: { max_tokens: 640 }
gold: { learning_rate: 5.0e-4, batch: 4, epochs: 1, checkpoint_every: 1 }
eval: { methods: [zero-shot, sft], max_tokens: 16, batch: 4, bootstrap: 100 }
engines: { policy: &e { threads: 1, device: cpu, dtype: float32 }, reward: *e, embeddings: *e }
`;

/** Each user's own word, in all that they wrote and asked. */
const wordOf = (user: string | null): string => `canary${user?.replace(/\D/g, "") ?? ""}x`;

it("what users say of answers is trained on by the next run, and a user whom that forgets is in no byte of it", async () => {
  const { cwd: dir, tagpr } = shell({}, { stages: STAGES });
  const url = `sqlite:${join(dir, "store.db")}`;
  const store = await openStore(url, { now: Date.now, cwd: dir });
  const { service } = await fakeService({ store });
  const app = makeApp({ ...service, uuid: () => crypto.randomUUID() });
  const post = (path: string, body: object) =>
    app.request(path, {
      method: "POST",
      headers: { host: "localhost", authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const users = [...examples(makeWorld(0), SHAPES.tag, { split: "use", users: 30 })];
  for (const { user, profile: seen, input: asks, gold } of users) {
    const input = `${asks} ${wordOf(user)}`;
    const profile = seen.map((item) => ({
      ...item,
      fields: { ...item.fields, description: `${item.fields.description} ${wordOf(user)}` },
    }));
    const scope = scopeOf(store, user ?? "");
    await putUser(scope, { consent: true });
    await change(scope, (c) => putItems(c, "synthetic_tag", profile, 1));
    const asked = await post("/v1/chat/completions", { messages: [{ role: "user", content: input }], user });
    const { id } = chatResponse.parse(await asked.json());
    expect((await post("/v1/feedback", { id, user, answer: gold })).status).toBe(200);
  }
  await store.close();
  const [data, config, run] = [join(dir, "data"), join(dir, "use.yaml"), join(dir, "run")];
  writeFileSync(config, CONFIG);
  expect((await tagpr("data", "from-serve", url, "--out", data)).code).toBe(0);
  expect((await tagpr("data", "check", data)).code).toBe(0);
  expect(await startTagpr(["run", config, "--data", data, "--out", run, "--anyway"]).ended).toBe(0);
  const trained = readJsonl<{ user: string; gold: string }>(join(run, "data", "chains.jsonl"));
  expect(trained.length).toBe(8);
  for (const { user, gold } of trained) expect(users.find((one) => one.user === user)?.gold).toBe(gold);
  expect(readJsonl(join(run, "gold", "metrics.jsonl")).length).toBeGreaterThan(0);
  const { rows } = readJson<Result>(join(run, "result.json"));
  expect(rows.filter(({ n }) => n === 4).map(({ method }) => method)).toEqual(
    expect.arrayContaining(["zero-shot", "sft"]),
  );
  const splits = ["chains", "rl", "prmu", "test"].map((name) => join(run, "data", `${name}.jsonl`));
  for (const path of splits) {
    const user = readJsonl<{ user: string }>(path)[0]?.user ?? "";
    expect(filesWith(run, wordOf(user)).length).toBeGreaterThan(0);
    expect((await tagpr("forget", run, "--user", user)).code).toBe(0);
    expect(filesWith(run, wordOf(user))).toEqual([]);
    expect(filesWith(run, user)).toEqual([]);
  }
  expect(await startTagpr(["run", run]).ended).toBe(7);
}, 1_200_000);

const filesWith = (run: string, text: string): string[] =>
  filesBelow(run).filter((file) => readFileSync(join(run, file)).includes(text));
