import { describe, expect, it } from "vitest";
import { duration, Eta } from "./eta.ts";
import { jsonProgress } from "./json.ts";
import { lineProgress } from "./lines.ts";

it("durations read like speech", () => {
  expect([0.4, 59, 60, 200, 3900].map(duration)).toEqual(["0 s", "59 s", "1 min", "3 min 20 s", "1 h 5 min"]);
});

it("an ETA counts from the first update: a resumed bar begins in the middle", () => {
  let clock = 0;
  const eta = new Eta(100, () => clock);
  expect(eta.left()).toBeNull();
  eta.update(50);
  clock = 10_000;
  eta.update(60);
  expect(eta.left()).toBe(40);
});

describe("outside a terminal", () => {
  it("a stop before the first bar leaves its note alone", () => {
    const lines: string[] = [];
    const progress = lineProgress(
      (text) => lines.push(text),
      () => 0,
    );
    progress.end("stopped", true);
    expect(lines).toEqual(["stopped\n"]);
    progress.start("SFT", 10);
    progress.end("stopped", true);
    expect(lines.at(-1)).toBe("SFT: stopped after 0 s\n");
  });

  it("a line comes now and then, not with every update", () => {
    let clock = 0;
    const lines: string[] = [];
    const progress = lineProgress(
      (text) => lines.push(text),
      () => clock,
      { everyMs: 1000 },
    );
    progress.start("SFT", 10);
    for (let i = 1; i <= 10; i++) {
      clock += 300;
      progress.update(i, `loss ${i}`);
    }
    progress.end("done well");
    expect(lines).toEqual([
      "SFT\n",
      "SFT: 4/10, 2 s left, loss 4\n",
      "SFT: 8/10, 1 s left, loss 8\n",
      "SFT: done in 3 s, done well\n",
    ]);
  });

  it("--json says everything, one event a line", () => {
    const lines: unknown[] = [];
    const progress = jsonProgress((text) => lines.push(JSON.parse(text)));
    progress.start("SFT", 2);
    progress.update(1, "loss 1");
    progress.say("hello");
    progress.end();
    expect(lines).toEqual([
      { event: "start", title: "SFT", total: 2 },
      { event: "update", title: "SFT", done: 1, total: 2, note: "loss 1" },
      { event: "say", line: "hello" },
      { event: "end", title: "SFT" },
    ]);
  });
});
