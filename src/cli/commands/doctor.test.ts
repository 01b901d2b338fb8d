import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { TINY_QWEN3 } from "../../core/testing/fixtures.ts";
import { shell } from "../testing/shell.ts";

const { cwd, tagpr } = shell();

it("doctor --templates compares each folder's chats with transformers, and names the folder that is none", async () => {
  cpSync(TINY_QWEN3, join(cwd, "no-system"), { recursive: true });
  writeFileSync(
    join(cwd, "no-system", "chat_template.jinja"),
    "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}{% for m in messages %}{{ m.role ~ m.content }}{% endfor %}",
  );
  mkdirSync(join(cwd, "empty"));
  const { code, out } = await tagpr("doctor", "--templates", TINY_QWEN3, "no-system", "empty");
  expect(out).toMatch(/ok +tiny-qwen3 +\d+ chats as transformers renders them\n/);
  expect(out).toMatch(/ok +no-system .*no system turn: its text opens the first user turn\n/);
  expect(out).toMatch(/BAD +empty .*tokenizer\.json is not there\n/);
  expect(code).toBe(6);
});
