import { expect, it } from "vitest";
import { shell } from "../testing/shell.ts";

it("rewards explain --line counts from 1", async () => {
  const { code, err } = await shell().tagpr("rewards", "explain", "samples.jsonl", "--line", "0");
  expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(/--line.*not a whole number above 0/) });
});
