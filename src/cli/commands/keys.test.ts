import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { shell } from "../testing/shell.ts";

it("a key is made, shown once, listed without its secret, and revoked", async () => {
  const { tagpr } = shell({ TAGPR_STORE: "sqlite:s.db" });
  const made = await tagpr("keys", "add", "the shop", "--scope", "ask", "write", "--user", "ann", "bob");
  expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^tagpr_[\w-]{43}\n$/)]);
  const id = /^Key (\w+) \(the shop\): ask, write; for ann, bob\./.exec(made.err)?.[1] ?? "";
  const listed = await tagpr("keys", "list", "--store", "sqlite:s.db");
  expect(listed.out).toContain(id);
  expect(listed.out).not.toContain(made.out.trim().slice(6));
  expect(JSON.parse((await tagpr("keys", "list", "--json")).out)).toMatchObject([{ id, users: ["ann", "bob"] }]);
  expect((await tagpr("keys", "revoke", id)).out).toMatch(/is revoked since 20/);
  expect(JSON.parse((await tagpr("keys", "list", "--json")).out)[0].revoked).toBeGreaterThan(0);
});

it("what can't be done is a sentence: no store, none there, no such key, a key that makes no sense", async () => {
  const { cwd, tagpr } = shell();
  const said = async (...argv: string[]) => {
    const { code, err, out } = await tagpr("keys", ...argv);
    expect([code, out]).toEqual([2, ""]);
    return err;
  };
  expect(await said("list")).toMatch(/no store is named[\s\S]*--store sqlite:PATH/);
  expect(await said("list", "--store", "sqlite:typo.db")).toMatch(/there is no store .*typo\.db/);
  expect(existsSync(join(cwd, "typo.db"))).toBe(false);
  expect(await said("add", "a", "--store", "mysql://x")).toMatch(/is no store/);
  expect(await said("add", "a", "--scope", "admin", "--user", "ann", "--store", "sqlite:s.db")).toMatch(/bound to/);
  await tagpr("keys", "add", "a", "--store", "sqlite:s.db");
  expect(await said("revoke", "x", "--store", "sqlite:s.db")).toMatch(/no key "x"[\s\S]*keys list/);
});
