import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { downloadModel } from "./download.ts";
import { findModel } from "./model-dir.ts";
import { type FakeHub, startFakeHub } from "./testing/fake-hub.ts";
import { makeTinyModel, testPython } from "./testing/tiny-model.ts";

/** The hub's own client, in the engine's Python, against a hub on loopback. */
const dir = mkdtempSync(join(tmpdir(), "tagpr-hub-"));
const python = testPython(process.env);
const folder = (name: string): string => join(dir, name);

let hub: FakeHub;
beforeAll(async () => {
  makeTinyModel(folder("tiny"));
  for (const other of ["pytorch_model.bin", "consolidated.safetensors", "README.md"])
    writeFileSync(join(folder("tiny"), other), "not wanted");
  makeTinyModel(folder("pickled"));
  rmSync(join(folder("pickled"), "model.safetensors"));
  writeFileSync(join(folder("pickled"), "pytorch_model.bin"), "x");
  hub = await startFakeHub({
    "org/tiny": folder("tiny"),
    "org/pickled": folder("pickled"),
    "org/gated": { status: 403, code: "GatedRepo" },
    "org/broken": { status: 418 },
  });
});
afterAll(async () => {
  await hub.close();
  rmSync(dir, { recursive: true, force: true });
});

/** This machine's environment, an empty cache of the hub, and the fake one. */
const envOf = (home: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => {
  const { HF_HUB_CACHE: _, HF_HUB_OFFLINE: __, HF_TOKEN: ___, ...rest } = process.env;
  return { ...rest, HF_HOME: folder(home), HF_ENDPOINT: hub.url, HF_HUB_DISABLE_TELEMETRY: "1", ...more };
};
const options = (env: NodeJS.ProcessEnv) => ({ modelsDir: folder("models"), env });

describe("a model of the hub", () => {
  it("comes into the hub's own cache, its size said first; nothing but what is read, and nothing twice", async () => {
    const env = envOf("home");
    const said: unknown[] = [];
    const heard = { onSize: (size: unknown) => said.push(size), onBytes: (done: number) => said.push(done) };
    expect(findModel("org/tiny", options(env))).toEqual({ at: "hub" });
    const revision = await downloadModel({ name: "org/tiny", weights: true }, { python, env, ...heard });
    const found = findModel("org/tiny", options(env));
    expect(found).toMatchObject({ at: "folder" });
    const place = found.at === "folder" ? found.dir : "";
    expect(place.endsWith(revision)).toBe(true);
    const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
    expect(readdirSync(place).sort()).toEqual(names);
    expect(said[0]).toMatchObject({ files: 4 });
    const { total } = said[0] as { total: number };
    expect(said.at(-1)).toBe(total);

    const files = hub.requests.filter((one) => one.startsWith("GET /org/tiny/resolve/")).length;
    await downloadModel({ name: "org/tiny", weights: true }, { python, env });
    expect(hub.requests.filter((one) => one.startsWith("GET /org/tiny/resolve/"))).toHaveLength(files);
  }, 120_000);

  it("without its weights is enough for a tokenizer, and not for an engine", async () => {
    const env = envOf("texts");
    await downloadModel({ name: "org/tiny", weights: false }, { python, env });
    expect(findModel("org/tiny", options(env), false)).toMatchObject({ at: "folder" });
    expect(findModel("org/tiny", options(env), true)).toEqual({ at: "hub" });
  }, 120_000);

  it.each([
    ["org/none", "the Hugging Face hub has no model org/none", "HF_TOKEN"],
    ["org/gated", "given to those who accepted its terms", "https://huggingface.co/org/gated"],
    ["org/broken", "refused org/broken (HTTP 418)", "later"],
    ["org/pickled", "no weights as safetensors", "save_pretrained"],
  ])(
    "%s: why there is none is one sentence",
    async (name, message, hint) => {
      const asked = downloadModel({ name, weights: true }, { python, env: envOf("faults") });
      await expect(asked).rejects.toMatchObject({
        code: "environment",
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
    },
    120_000,
  );

  it("no network, HF_HUB_OFFLINE: said so; a password in the hub's address is not", async () => {
    const wish = { name: "org/tiny", weights: true };
    const offline = downloadModel(wish, { python, env: envOf("off", { HF_HUB_OFFLINE: "1" }) });
    await expect(offline).rejects.toThrow("org/tiny is not on this machine, and HF_HUB_OFFLINE is set");
    const nobody = envOf("off", { HF_ENDPOINT: "http://me:hunter2@127.0.0.1:9" });
    const unreachable = downloadModel(wish, { python, env: nobody });
    await expect(unreachable).rejects.toThrow("and the Hugging Face hub can't be reached");
    await expect(unreachable).rejects.not.toThrow("hunter2");
  }, 120_000);
});
