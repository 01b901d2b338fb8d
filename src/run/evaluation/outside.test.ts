import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { methodsLack, methodsOutside } from "./outside.ts";

const dir = mkdtempSync(join(tmpdir(), "outside-"));
const [module, predictions] = [join(dir, "mine.ts"), join(dir, "p.jsonl")];
const config = (methods: readonly string[]) =>
  configSchema.parse({
    eval: {
      ...{ methods, own: { mine: `${module}#best` }, predictions: { theirs: predictions } },
      apis: {
        far: { url: "https://api.example.com/v1", model: "m", key_env: "FAR_KEY" },
        near: { url: "http://127.0.0.1:8080/v1", model: "m", key_env: "NEAR_KEY" },
      },
    },
  });
const lacks = (methods: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  methodsLack(config(methods), (name) => env[name]).map(({ code, message }) => `${code}: ${message}`);

it("what the methods that are asked lack is told before anything begins: files, and keys of endpoints elsewhere", () => {
  expect(lacks(["rag"])).toEqual([]);
  expect(lacks(["own-mine", "file-theirs"])).toEqual([
    expect.stringMatching(/^usage: own-mine: there is no .*mine\.ts$/),
    expect.stringMatching(/^usage: file-theirs: there is no .*p\.jsonl$/),
  ]);
  expect(lacks(["api-far-r/majority@8", "api-near"])).toEqual([
    "environment: eval.apis.far: the environment variable FAR_KEY is not set",
  ]);
  expect(lacks(["api-far"], { FAR_KEY: "k" })).toEqual([]);
});

it("an evaluation hangs on the text of the modules and files that it asks, and of no others", async () => {
  writeFileSync(module, "one");
  writeFileSync(predictions, "{}");
  expect(await methodsOutside(config(["rag"]))).toBeUndefined();
  const before = await methodsOutside(config(["own-mine/majority@8"]));
  writeFileSync(predictions, "{} {}");
  expect(await methodsOutside(config(["own-mine/majority@8"]))).toEqual(before);
  writeFileSync(module, "two");
  expect(await methodsOutside(config(["own-mine/majority@8"]))).not.toEqual(before);
});
