import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { connectEngine } from "../../engine/client.ts";
import { makeTinyModel, testPython } from "../../engine/testing/tiny-model.ts";
import { main } from "../cli.ts";
import { shell } from "../testing/shell.ts";

const dir = mkdtempSync(join(tmpdir(), "tagpr-serve-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `tagpr engine serve`, looked at when it is ready and then stopped by Ctrl-C. */
async function served(argv: readonly string[], look: (url: string) => Promise<void>) {
  const said = { out: "", err: "" };
  let stop: (signal: "SIGINT") => void = () => {};
  const looked: Promise<void>[] = [];
  const code = await main(
    ["engine", "serve", ...argv],
    {
      env: {
        ...process.env,
        TAGPR_PYTHON: testPython(process.env),
        TINKER_API_KEY: "tml-from-the-environment",
        TAGPR_OBSERVER_TOKEN: "look",
      },
      cwd: dir,
      argv,
      out: (text) => {
        said.out += text;
        const url = /^ready (http:\S+)\n$/.exec(text)?.[1] ?? "";
        looked.push(look(url).finally(() => stop("SIGINT")));
      },
      err: (text) => {
        said.err += text;
      },
      terminal: false,
      colour: false,
      onStop: (callback) => {
        stop = callback;
        return () => {};
      },
    },
    {
      stages: [],
      openEngines: () => {
        throw new Error("no run here");
      },
    },
  );
  await Promise.all(looked);
  return { code, ...said };
}

describe("tagpr engine serve", () => {
  it("prints one line when it is ready, serves whoever has the token, in bf16 too, and ends at Ctrl-C", async () => {
    const model = join(dir, "tiny");
    makeTinyModel(model);
    let address = "";
    const flags = ["--model", model, "--port", "0", "--token", "tml-mine", "--dtype", "bfloat16", "--threads", "1"];
    const { code, out, err } = await served(flags, async (url) => {
      address = url;
      const refused = await fetch(`${url}/api/v1/healthz`, { headers: { "x-api-key": "tml-from-the-environment" } });
      expect(refused.status).toBe(401);
      const observe = (method: string) => fetch(`${url}/api/v1/healthz`, { method, headers: { "x-api-key": "look" } });
      expect((await observe("GET")).status).toBe(200);
      expect((await observe("POST")).status).toBe(403);
      const engine = await connectEngine({ url, key: "tml-mine" });
      expect(engine.capabilities.gspo).toBe(true);
      const client = await engine.train({ model: "tiny", rank: 0, seed: 1 });
      await client.unload();
    });
    expect(out).toBe(`ready ${address}\n`);
    expect(new URL(address).hostname).toBe("127.0.0.1");
    expect(err).not.toContain("tml-");
    expect(code).toBe(130);
    await expect(fetch(`${address}/api/v1/healthz`)).rejects.toThrow();
  }, 600_000);

  it.each([
    [["--dtype", "float16"], "float16"],
    [["--device", "tpu"], "tpu"],
    [["--port", "many"], "many"],
    [["--port", "99999"], "not a port (0 to 65535)"],
    [["--tokem", "x"], "--tokem"],
  ])("refuses %j", async (flags, says) => {
    const { code, err, out } = await shell().tagpr("engine", "serve", ...flags);
    expect(code).not.toBe(0);
    expect(err).toContain(says);
    expect(out).toBe("");
  });

  it("says once why the engine can't be started: usage, and no checkpoint to go on from", async () => {
    const nobody = async (): Promise<void> => {};
    const { code, out, err } = await served(["--model", "nowhere"], nobody);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^tagpr: there is no model "nowhere"\n.*hub.*\n$/);
  }, 600_000);
});
