import { describe, expect, it } from "vitest";
import { busyCores, busyText } from "./busy.ts";

describe("busyText", () => {
  it("is silent about our own work and small change, and names what others want", () => {
    expect(busyText(2, 2.4, 2)).toBeNull();
    expect(busyText(0, 0.6, 2)).toBeNull();
    expect(busyText(2, 5.13, 2)).toBe("machine busy: load 5.1 on 2 cores");
    expect(busyText(16, 18, 16)).toBeNull();
    expect(busyText(0, 0, 8)).toBeNull();
  });
});

it("busyCores counts what computes now, not what has just ended", async () => {
  const reads = [
    [
      { idle: 1000, all: 9000 },
      { idle: 500, all: 9000 },
    ],
    [
      { idle: 1000, all: 9500 },
      { idle: 900, all: 9500 },
    ],
  ];
  const read = () => reads.shift() ?? [];
  expect(await busyCores(async () => {}, read)).toBeCloseTo(1.2);
});
