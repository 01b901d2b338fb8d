import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { candidate } from "../../chains/chains.fixture.ts";
import { configSchema } from "../../core/config/schema.ts";
import { silent } from "../../core/progress.ts";
import { makeFlights } from "../../llm/flights.ts";
import { openChainModels } from "./chain-models.ts";
import { chainsStage } from "./chains.ts";

const never = (): Promise<never> => Promise.reject(new Error("no engine here"));
const ENDPOINT = { kind: "openai", url: "http://endpoint.test/v1", model: "m" };
const configOf = (judge: object, tagger: object) =>
  configSchema.parse({
    teacher: ENDPOINT,
    judge: { ...ENDPOINT, ...judge },
    tagger: { ...ENDPOINT, ...tagger },
  });

/** What judge and tagger ask of their endpoint, besides the chain. */
async function asked(judge: object, tagger: object): Promise<object[]> {
  const bodies: { temperature: number; max_tokens: number }[] = [];
  const models = await openChainModels({
    run: mkdtempSync(join(tmpdir(), "models-")),
    dir: "",
    config: configOf(judge, tagger),
    key: "k",
    progress: silent,
    engines: { policy: never, reward: never, embeddings: never, close: () => Promise.resolve() },
    modelDir: never,
    fetch: async (_, init) => {
      bodies.push(JSON.parse(String(init?.body)));
      return Response.json({ choices: [{ message: { content: "?" }, finish_reason: "stop" }] });
    },
    flights: makeFlights(),
    secret: () => "key",
    now: () => 0,
    spent: () => 0,
    claim: () => {},
  });
  await models.judge.grade([candidate("So it is.")]);
  await models.tagger.tag([candidate("So it is.")], null);
  await models.close();
  return bodies.map(({ temperature, max_tokens }) => ({ temperature, max_tokens }));
}

it("judge and tagger are asked greedily, or as the config says", async () => {
  expect(await asked({}, { max_tokens: 99 })).toEqual([
    { temperature: 0, max_tokens: 2048 },
    { temperature: 0, max_tokens: 99 },
  ]);
  expect(await asked({ temperature: 1 }, { temperature: 0.5 })).toMatchObject([
    { temperature: 1 },
    { temperature: 0.5 },
  ]);
});

it("another temperature makes other chains", () => {
  const key = (judge: object) => chainsStage.config(configOf(judge, {}));
  expect(key({ temperature: 0 })).toEqual(key({}));
  expect(key({ temperature: 1 })).not.toEqual(key({}));
});
