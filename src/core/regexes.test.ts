import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkSync } from "recheck";
import ts from "typescript";
import { expect, it } from "vitest";

/** Folders through which the text of models and users flows. */
const ROOMS = [
  "chains",
  "core",
  "engine",
  "eval",
  "llm",
  "metrics",
  "policy",
  "prmu",
  "prompts",
  "report",
  "retrieval",
  "rewards",
  "run",
];
const SOURCE = join(import.meta.dirname, "..");

/** Every literal pattern of a room's files, with the first place where it stands. */
function literals(room: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(join(SOURCE, room), { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const file = ts.createSourceFile(
      name,
      readFileSync(join(SOURCE, room, name), "utf8"),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node) && !found.has(node.text)) found.set(node.text, `${room}/${name}`);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return found;
}

/** What recheck's automaton proves of a pattern; it can't read every feature, and says nothing then. */
function isSuperlinear(literal: string): boolean {
  const end = literal.lastIndexOf("/");
  return (
    checkSync(literal.slice(1, end), literal.slice(end + 1), { checker: "automaton", timeout: 1000 }).status ===
    "vulnerable"
  );
}

it("no pattern takes more than linear time, whatever the text", () => {
  const all = ROOMS.flatMap((room) => [...literals(room)]);
  expect(all.length).toBeGreaterThan(80);
  expect(all.filter(([literal]) => isSuperlinear(literal))).toEqual([]);
}, 120_000);

it("recheck flags the pattern that took seconds for one answer of 16,000 dots", () => {
  expect(isSuperlinear("/[.!。！,;:\\s]+$/u")).toBe(true);
  expect(isSuperlinear("/^(?:ab|cd)+x/u")).toBe(false);
});
