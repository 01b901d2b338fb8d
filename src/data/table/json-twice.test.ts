import fc from "fast-check";
import { expect, it } from "vitest";
import { keyTwice } from "./json-twice.ts";

it("law: what JSON.stringify writes has no key twice; the same text with one more has", () => {
  const names = fc.oneof(fc.string(), fc.constantFrom("__proto__", "a", 'q"', "}", "\\"));
  const object = fc.dictionary(names, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 });
  fc.assert(
    fc.property(object, fc.boolean(), (value, deep) => {
      const text = JSON.stringify(deep ? [{ in: value }] : value, null, 1);
      expect(keyTwice(text)).toBeNull();
      const key = JSON.stringify(Object.keys(value)[0]);
      const inner = JSON.stringify(value);
      const more = inner.replace(/\}$/, () => `,\n${key} : 1}`);
      expect(keyTwice(deep ? `[{"in": ${more}}]` : more)).toEqual({ key: Object.keys(value)[0], line: 2 });
    }),
  );
});

it("the same key in another object is none; a text that is cut off is read as far as it goes", () => {
  expect(keyTwice('{"a": {"a": [{"a": 1}, {"a": 2}]}}\n{"a": "a", "b": "a\\": a"}')).toBeNull();
  expect(keyTwice('{"a": 1,\n"\\u0061": 2, "b')).toEqual({ key: "a", line: 2 });
});
