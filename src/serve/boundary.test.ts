import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

it("is the one way from a request to what is kept of a user: nobody else makes a scope, or asks the store's tables", () => {
  const dir = import.meta.dirname;
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((file) =>
    /^(?!.*test).*\.ts$/.test(file),
  );
  const having = (what: RegExp) => files.filter((file) => what.test(readFileSync(join(dir, file), "utf8")));
  expect(having(/\bscopeOf\(/)).toEqual(["boundary.ts"]);
  expect(having(/\bstore\.(?:db|pool)\b|\{ ?(?:db|pool)\b/)).toEqual([]);
});
