import fc from "fast-check";
import { expect, it } from "vitest";
import { isVariableName, looksLikeKey, redact, secretInUrl, withoutSecrets } from "./secrets.ts";

const SECRETS = [
  "sk-proj-Ab3dEf6hIj9kLmN0pQr5",
  "gsk_1234567890abcdefghijABCDEFGHIJ",
  "9f86d081884c7d659a2feaa0c55ad015",
  "AKIAIOSFODNN7EXAMPLE",
];

it.each([
  ["https://me:pw@api.test/v1", "a user name or a password"],
  ["https://me@api.test/v1", "a user name or a password"],
  ["https://api.test/v1?key=abc", "what looks like a key in its query"],
  ["https://api.test/v1?api-key=abc&x=1", "what looks like a key in its query"],
  ["https://api.test/v1?access_token=abc", "what looks like a key in its query"],
  [`https://api.test/v1?x=${SECRETS[2]}`, "what looks like a key in its query"],
  [`https://api.test/v1#${SECRETS[0]}`, "what looks like a key in its query"],
  [String(SECRETS[0]), "what looks like a key"],
  ["https://api.test/openai/v1?api-version=2024-10-21-preview", null],
  ["https://api.test/v1", null],
  ["", null],
])("a secret in the URL %s: %s", (url, found) => {
  expect(secretInUrl(url)).toBe(found);
  expect(withoutSecrets(url)).not.toMatch(/pw|abc|9f86/);
});

it("a variable's name is no key, and a key is no variable's name", () => {
  for (const name of ["OPENAI_API_KEY", "tinker_key_2", "KEY", "MY_VERY_LONG_VARIABLE_FOR_THE_JUDGES_KEY_2"])
    expect(isVariableName(name)).toBe(true);
  for (const name of [...SECRETS, "", "MY KEY", "$KEY", "1KEY"]) expect(isVariableName(name)).toBe(false);
  expect(SECRETS.every(looksLikeKey)).toBe(true);
});

it("a key is struck out wherever it stands; an ordinary word is none", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.constantFrom(...SECRETS), (before, after, key) => {
      expect(redact(`${before}${key}${after}`, key)).not.toContain(key);
    }),
  );
  for (const word of ["none", "ollama", "lm-studio", "not needed"])
    expect(redact(`the model ${word} says none of it`, word)).toBe(`the model ${word} says none of it`);
  expect(redact("bad key sk-very-secret", "sk-very-secret")).toBe("bad key [key]");
});
