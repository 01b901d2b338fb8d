import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeJsonl } from "../core/jsonl.ts";
import { crc32c, eventFile, scalarsOf } from "./tensorboard.ts";

describe("TensorBoard's event file", () => {
  it("has CRC-32C as RFC 3720 gives it", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  });

  it("holds every number of metrics and timings, records flattened, what is null left out", () => {
    const run = mkdtempSync(join(tmpdir(), "board-"));
    writeJsonl(join(run, "guided", "metrics.jsonl"), [
      { kind: "probe", pass1: 0.5 },
      { kind: "train", step: 3, reward: 0.25, grad_norm: null, tag_counts: { think: 4 } },
    ]);
    writeJsonl(join(run, "guided", "timings.jsonl"), [{ step: 3, sample_seconds: 1.5 }]);
    expect(scalarsOf(run, "guided")).toEqual([
      { tag: "guided/probe/pass1", step: 0, value: 0.5 },
      { tag: "guided/train/reward", step: 3, value: 0.25 },
      { tag: "guided/train/tag_counts/think", step: 3, value: 4 },
      { tag: "guided/time/sample_seconds", step: 3, value: 1.5 },
    ]);
    expect(scalarsOf(run, "sft")).toEqual([]);
  });

  // These bytes were read back by TensorBoard 2.21 (PyRecordReader, which checks both CRCs, then event_pb2.Event).
  it("is the file that TensorBoard's own reader was given", () => {
    const bytes = eventFile([{ tag: "guided/train/reward", step: 3, value: 0.25 }], 1000);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(
      "1e1fd7284b651b842b4f8bf9e90ab8843c1fd51126f73c7cccf13ea8ca70f09b",
    );
  });
});
