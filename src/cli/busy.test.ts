import { describe, expect, it } from "vitest";
import { busyText } from "./busy.ts";

describe("busyText", () => {
  it("is silent about our own work and small change, and names what others want", () => {
    expect(busyText(2, 2.4, 2)).toBeNull();
    expect(busyText(0, 0.6, 2)).toBeNull();
    expect(busyText(2, 5.13, 2)).toBe("machine busy: load 5.1 on 2 cores");
    expect(busyText(16, 18, 16)).toBeNull();
    expect(busyText(0, 0, 8)).toBeNull();
  });
});
