import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { stream } from "../core/random.ts";
import { killAsking } from "./testing/kill-asking.ts";

it("killed −9 at random, nothing that came is lost, and at most what was on its way is paid twice", async () => {
  const dir = mkdtempSync(join(tmpdir(), "kills-"));
  const [kills, requests, samples, concurrency] = [3, 30, 4, 4];
  const random = stream(3, "kills");
  const end = await killAsking({ dir, kills, random, requests, samples, concurrency });
  const kept = requests * samples;
  expect(end).toMatchObject({ killed: kills, kept, lost: 0, repeated: 0, tokens: 5 * kept });
  // Every request of the server's count is a sample paid for: what is not among the kept ones was on its way at a kill.
  expect(end.paidTwice).toBeGreaterThan(0);
  expect(end.paidTwice).toBeLessThanOrEqual(kills * concurrency);
}, 120_000);
