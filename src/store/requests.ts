import { createHash } from "node:crypto";
import type { Change } from "./user.ts";

/** What a request was answered. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** A request that may come twice: its idempotency key, and all that it asks for. */
export interface Keyed {
  readonly key: string;
  readonly request: unknown;
}

/** For so long a key is remembered (milliseconds). */
export const REMEMBERED_MS = 24 * 3600 * 1000;

/** A key came again with another request. */
export class KeyReused extends Error {
  constructor() {
    super("this idempotency key came with another request before");
    this.name = "KeyReused";
  }
}

/**
 * Does a user's request once: a second one with the same key gets the first one's reply. What is done and the reply are
 * kept in one transaction.
 * @throws KeyReused
 */
export async function once(
  change: Change,
  keyed: Keyed | null,
  time: number,
  work: () => Promise<Reply>,
): Promise<Reply> {
  if (keyed === null) return work();
  const { trx, user } = change;
  const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("base64url");
  const [key, request] = [digest(keyed.key), digest(keyed.request)];
  await trx
    .deleteFrom("requests")
    .where("user_id", "=", user.id)
    .where("time", "<", time - REMEMBERED_MS)
    .execute();
  const before = await trx
    .selectFrom("requests")
    .selectAll()
    .where("user_id", "=", user.id)
    .where("key", "=", key)
    .executeTakeFirst();
  if (before !== undefined) {
    if (before.request !== request) throw new KeyReused();
    return { status: before.status, body: JSON.parse(before.reply) };
  }
  const reply = await work();
  await trx
    .insertInto("requests")
    .values({ user_id: user.id, key, request, status: reply.status, reply: JSON.stringify(reply.body), time })
    .execute();
  return reply;
}
