import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { testPython } from "../engine/testing/tiny-model.ts";
import { startServer } from "./start.ts";
import { fakeService, TOKEN } from "./testing/fake-service.ts";

const python = testPython(process.env);
const there = spawnSync(python, ["-c", "import openai"]).status === 0;

it.runIf(there)(
  "OpenAI's client for Python gets answers, chains, streams, refusals, models and embeddings",
  async () => {
    const { service } = await fakeService();
    const server = await startServer(service, 0);
    const script = fileURLToPath(new URL("./testing/ask.py", import.meta.url));
    const { stdout } = await promisify(execFile)(python, [script, `${server.url}/v1`, TOKEN]);
    const got = JSON.parse(stdout) as Record<string, unknown> & { tokens: number[] };
    expect(got).toMatchObject({
      ...{ content: "comedy", streamed: "comedy", reasoning: expect.stringMatching(/^<examine_examples>/) },
      ...{ false: "item 1 is action, not comedy", refused: [400, "logprobs"] },
      ...{ models: ["nano", "nano-base", "mini"], embedding: [3, 0.5] },
    });
    expect(got.tokens[0]).toBe(got.tokens[1]);
    await server.close();
  },
);
