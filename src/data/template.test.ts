import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fill, literal, parseTemplate, placeholders, placeOf } from "./template.ts";

const name = fc.oneof(
  fc.string({ minLength: 1, unit: "binary" }),
  fc.string({ minLength: 1, unit: fc.constantFrom(..."{}\"'\\:\n\r a") }),
  fc.constantFrom("__proto__", "constructor", "What's on?", 'said "no"', "a: b", "two\nlines", "{{x}}", "\\", "标题"),
);

describe("templates", () => {
  it("law: every name and every text can be written, and is read back", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: "binary" }), name), { maxLength: 4 }), (pairs) => {
        const template = pairs.map(([text, one]) => literal(text) + placeOf(one)).join("");
        expect(placeholders(template)).toEqual(pairs.map(([, one]) => one));
        expect(fill(template, (one) => `<${one}>`)).toBe(pairs.map(([text, one]) => `${text}<${one}>`).join(""));
      }),
    );
  });

  it("a place is whatever a table calls a column", () => {
    const names = [
      "review (text)",
      "Text?",
      "a/b",
      " text",
      "标题",
      "शीर्षक",
      "pre\u0301nom",
      "it's",
      "a: b",
      'the "x"',
    ];
    expect(placeholders(names.map((one) => `{${one}}`).join(" "))).toEqual(names);
    expect(names.map(placeOf)).toEqual(names.map((one) => `{${one}}`));
    expect(placeOf('"quoted')).toBe('{"\\"quoted"}');
    expect(fill("{a/b}!", (one) => `<${one}>`)).toBe("<a/b>!");
  });

  it("a place that is no place is a fault, never text", () => {
    for (const bad of ["{}", "{a", "a}", '{"a": 1}', "{a{b}}", "{a\nb}", '{"a}', '{"\\x"}'])
      expect(parseTemplate(`x ${bad}`)).toEqual({ fault: expect.stringMatching(/is no place.*\{\{ or \}\}/) });
    expect(() => fill("x {", () => "")).toThrow(/is no place/);
    expect(fill('{{"label": {n}}}', () => "1")).toBe('{"label": 1}');
  });

  it("a value's own braces are text", () => {
    expect(fill("{a} {b}", (one) => `{${one === "a" ? "b" : "}"}`)).toBe("{b {}");
  });
});
