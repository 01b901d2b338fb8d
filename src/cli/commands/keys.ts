import { Command, Option } from "@commander-js/extra-typings";
import { TagprError } from "../../core/errors.ts";
import { addKey, type Key, listKeys, revokeKey, SCOPES } from "../../store/keys.ts";
import type { App } from "../app.ts";
import { STORE, withStore } from "../stores.ts";
import { align } from "../table.ts";

/** `tagpr keys add|list|revoke`: who may ask a server with a store. */
export function keysCommand({ io }: App): Command {
  const command = new Command("keys").description(
    "keys of a server with a store: made, listed and revoked, for running servers at once (docs/serving.md)",
  );
  command
    .command("add")
    .description("make a key and print it, this once: the store keeps a hash")
    .argument("<name>", "what you call it: an application, a person")
    .addOption(STORE)
    .addOption(
      new Option("--scope <scope...>", "ask: questions; write: what is kept of users, and feedback; admin: everything")
        .choices(SCOPES)
        .default(["ask" as const], "ask"),
    )
    .option("--user <id...>", "bind it to these users: for any other it is refused (default: for all users)")
    .action(async (name, { store, scope: scopes, user }) => {
      const { key, secret } = await withStore(io, store, { make: true }, (opened) =>
        addKey(opened, { name, scopes, users: user ?? null }),
      );
      io.out(`${secret}\n`);
      io.err(`Key ${key.id} (${key.name}): ${forWhat(key)}. It is shown this once.\n`);
    });
  command
    .command("list")
    .description("list keys, the revoked ones too")
    .addOption(STORE)
    .option("--json", "print them as JSON")
    .action(async ({ store, json }) => {
      const keys = await withStore(io, store, { make: false }, listKeys);
      if (json === true) io.out(`${JSON.stringify(keys, null, 2)}\n`);
      else io.out(keys.length === 0 ? "no keys\n" : `${align([HEAD, ...keys.map(rowOf)]).join("\n")}\n`);
    });
  command
    .command("revoke")
    .description("refuse a key from now on")
    .argument("<id>", "its id, as tagpr keys list has it")
    .addOption(STORE)
    .action(async (id, { store }) => {
      const done = await withStore(io, store, { make: false }, (opened) => revokeKey(opened, id));
      if (done === null)
        throw new TagprError("usage", `the store has no key ${JSON.stringify(id)}`, {
          hint: "tagpr keys list has the ids.",
        });
      io.out(`key ${id} is revoked since ${day(done.revoked)}\n`);
    });
  return command as unknown as Command;
}

const HEAD = ["id", "name", "scopes", "users", "made", "revoked"];

const rowOf = (key: Key): string[] => [
  ...[key.id, key.name, key.scopes.join(" "), whom(key), day(key.created)],
  key.revoked === null ? "–" : day(key.revoked),
];

const forWhat = (key: Key): string => `${key.scopes.join(", ")}; for ${whom(key)}`;
const whom = ({ users }: Key): string =>
  users === null ? "all users" : users.length === 0 ? "nobody that is left" : users.join(", ");
const day = (time: number): string => new Date(time).toISOString().replace(/\.\d+/, "");
