import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { startFakeEndpoint } from "./testing/fake-endpoint.ts";
import { completion } from "./testing/manners.ts";

const [REQUESTS, SAMPLES, CONCURRENCY, KILLS] = [30, 4, 4, 3];
const script = fileURLToPath(new URL("./testing/ask-all.ts", import.meta.url));

it("killed −9 at random, nothing that came is lost, and at most what was on its way is paid twice", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kills-"));
  const random = stream(3, "kills");
  let child: ChildProcess | undefined;
  let fatal = Number.POSITIVE_INFINITY;
  let count = 0;
  const server = await startFakeEndpoint({
    answer: (asked) => {
      // A kill by count, not by the clock, in the middle of other answers.
      if (++count === fatal) child?.kill("SIGKILL");
      return { ...completion({ ...asked, n: 1 }, { content: `sample ${count}` }), after: count % 5 };
    },
  });
  const args = [server.url, dir, "m", REQUESTS, SAMPLES, CONCURRENCY].map(String);
  let spent = "";
  for (let kill = 0; kill <= KILLS; kill++) {
    fatal =
      kill < KILLS ? count + 1 + random.int(Math.floor((REQUESTS * SAMPLES) / (KILLS + 1))) : Number.POSITIVE_INFINITY;
    child = spawn(process.execPath, ["--import", "tsx", script, ...args], { stdio: ["ignore", "pipe", "ignore"] });
    child.stdout?.on("data", (part) => {
      spent += part;
    });
    const [, signal] = await once(child, "close");
    expect(signal).toBe(kill < KILLS ? "SIGKILL" : null);
  }
  await server.close();

  const lines = readFileSync(join(dir, "teacher.jsonl"), "utf8").split("\n").slice(1).filter(Boolean);
  const whole = lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as { key: string; value: { texts: string[] } }];
    } catch {
      return []; // torn by a kill
    }
  });
  const texts = whole.flatMap(({ value }) => value.texts);
  expect(texts).toHaveLength(REQUESTS * SAMPLES);
  expect(new Set(texts).size).toBe(texts.length);
  // Every request of the server's count is a sample paid for: what is not among the kept ones was on its way at a kill.
  const twice = count - texts.length;
  expect(twice).toBeGreaterThan(0);
  expect(twice).toBeLessThanOrEqual(KILLS * CONCURRENCY);
  expect(JSON.parse(spent)).toMatchObject({ completionTokens: 5 * texts.length, failed: 0 });
}, 120_000);
