import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { configSchema } from "../../core/config/schema.ts";
import { chainsStage } from "./chains.ts";
import { dataStage } from "./data.ts";
import { embedderIdentity } from "./embedding.ts";

const tools = { modelDir: async (name: string) => name };
const configOf = (model: string, more: object = {}) =>
  configSchema.parse({ profile: { retriever: "dense" }, engines: { embeddings_model: model, ...more } });

it("an embedding model in a folder is what the folder holds, to the cache and to the stages that embed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "embedder-"));
  const seen = async (weights: string) => {
    writeFileSync(join(folder, "weights"), weights);
    const config = configOf(folder);
    return Promise.all(
      [embedderIdentity, dataStage.outside, chainsStage.outside].map(async (of) =>
        JSON.stringify(await of?.(config, tools)),
      ),
    );
  };
  const [first, second] = [await seen("one"), await seen("two")];
  for (const [i, one] of first.entries()) expect(one).not.toBe(second[i]);
  expect(await seen("one")).toEqual(first);
});

it("a model that has a name adds nothing to the stages' keys; a remote one is its address and name", async () => {
  const named = configOf("all-minilm-l6-v2");
  expect(await chainsStage.outside?.(named, tools)).toBeNull();
  expect(JSON.parse(JSON.stringify(await dataStage.outside?.(named, tools)))).toEqual({ paths: [], task: null });
  const remote = configOf("m", { embeddings: { kind: "remote", url: "http://host/v1" } });
  expect(await embedderIdentity(remote, tools)).toEqual({ url: "http://host/v1", model: "m" });
});
