import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkSync } from "recheck";
import ts from "typescript";
import { expect, it, vi } from "vitest";

const SOURCE = import.meta.dirname;
const FILES = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(
  (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
);

interface Pattern {
  readonly source: string;
  readonly flags: string;
  readonly file: string;
}

const keyOf = ({ source, flags }: Pattern): string => `/${source}/${flags}`;

/** Every literal pattern of the sources, and the files that make patterns of strings. */
function written(): { readonly literals: readonly Pattern[]; readonly makers: readonly string[] } {
  const literals: Pattern[] = [];
  const makers = new Set<string>();
  for (const name of FILES) {
    const text = readFileSync(join(SOURCE, name), "utf8");
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf("/");
        literals.push({ source: node.text.slice(1, end), flags: node.text.slice(end + 1), file: name });
      }
      if (
        (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
        ts.isIdentifier(node.expression) &&
        node.expression.text === "RegExp"
      )
        makers.add(name);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  }
  return { literals, makers: [...makers] };
}

/** What files make of strings, as they are loaded and used. */
async function made(): Promise<readonly Pattern[]> {
  const found: Pattern[] = [];
  const note = (pattern: RegExp): RegExp => {
    const file = FILES.find((name) => new Error().stack?.includes(`/src/${name}:`));
    if (file !== undefined) found.push({ source: pattern.source, flags: pattern.flags, file });
    return pattern;
  };
  vi.stubGlobal(
    "RegExp",
    new Proxy(RegExp, {
      construct: (target, [source, flags]: [string, string?]) => note(new target(source, flags)),
      apply: (target, _, [source, flags]: [string, string?]) => note(target(source, flags)),
    }),
  );
  try {
    vi.resetModules();
    await import("./prompts/said.ts");
    await import("./prompts/answer.ts");
    await import("./rewards/citations.ts");
    await import("./data/synthetic/title.ts");
    await import("./data/synthetic/templated.ts");
    await import("./data/synthetic/shapes.ts");
    (await import("./chains/judge.ts")).readGrades("");
    const { controlTokens } = await import("./prompts/control-tokens.ts");
    const added = ["<think>", "</think>", "<|im_end|>", "<|im_start|>", "[INST]", "</s>"];
    controlTokens(added.map((content, id) => ({ id, content, special: true })))?.mark("");
  } finally {
    vi.unstubAllGlobals();
  }
  return found;
}

/** What recheck proves of a pattern; what its automaton can't read or takes too long over, its seeded fuzzer attacks. */
function verdict({ source, flags }: Pick<Pattern, "source" | "flags">): string {
  const proved = checkSync(source, flags, { checker: "automaton", timeout: 2000 }).status;
  return proved === "unknown"
    ? checkSync(source, flags, { checker: "fuzz", timeout: 60_000, randomSeed: 1 }).status
    : proved;
}

it("no pattern takes more than linear time, whatever the text", async () => {
  const { literals, makers } = written();
  const dynamic = await made();
  expect(makers.filter((file) => !dynamic.some((pattern) => pattern.file === file))).toEqual([]);
  const distinct = new Map([...literals, ...dynamic].map((pattern) => [keyOf(pattern), pattern]));
  expect(distinct.size).toBeGreaterThan(250);
  const faults = [...distinct].map(([key, pattern]) => `${verdict(pattern)} ${pattern.file} ${key}`);
  expect(faults.filter((line) => !line.startsWith("safe "))).toEqual([]);
}, 300_000);

it("recheck flags the pattern that took seconds for one answer of 16,000 dots, also behind a lookahead", () => {
  expect(verdict({ source: "[.!。！,;:\\s]+$", flags: "u" })).toBe("vulnerable");
  expect(verdict({ source: "(?=\\s|x)[.!,;:\\s]+$", flags: "u" })).toBe("vulnerable");
  expect(verdict({ source: "^(?:ab|cd)+x", flags: "u" })).toBe("safe");
}, 120_000);
