import { expect, it } from "vitest";
import { shell } from "./testing/shell.ts";

const KEY = "sk0123456789abcdefgh";

it.each([
  [["--upstream", `https://u.example/v1?api_key=${KEY}`], 2, "--upstream holds what looks like a key"],
  [["--upstream", "localhost:8000"], 2, "--upstream localhost:8000 is not a URL"],
  [["--upstream", "http://127.0.0.1:1", "--upstream-key-env", KEY], 2, "--upstream-key-env holds no name"],
  [["--upstream", "http://127.0.0.1:1"], 4, "the server at http://127.0.0.1:1/v1 can't be reached"],
])("serve %j is a sentence, and repeats no key", async (flags, code, says) => {
  const { tagpr } = shell({ TAGPR_UPSTREAM_KEY: KEY });
  const ended = await tagpr("serve", "models/nano", "--task", "synthetic_tag", "--port", "0", ...flags);
  expect(ended).toMatchObject({ code, err: expect.stringContaining(says) });
  expect(ended.out + ended.err).not.toContain(KEY);
});
