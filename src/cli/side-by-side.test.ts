import { expect, it } from "vitest";
import { sideBySide } from "./side-by-side.ts";

it("texts stand beside each other, wide characters counted as two; under each other where there is no room", () => {
  const wide = sideBySide(["喜剧 comedy", `one ${"word ".repeat(12)}`], 73).split("\n");
  expect(wide).toEqual([
    "喜剧 comedy                         │ one word word word word word word",
    "                                    │ word word word word word word",
  ]);
  expect(sideBySide(["a", "b"], 60)).toBe("a\nb");
  expect(sideBySide(["a", "b"], undefined)).toBe("a\nb");
});
