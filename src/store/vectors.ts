import type { UserScope } from "./user.ts";
import { change } from "./user.ts";

/** Rows of one statement. */
const ROWS = 500;

/** Vectors of a user's items of a task that a model made, by the item's id. */
export async function findVectors(
  { store, user }: UserScope,
  task: string,
  model: string,
): Promise<Map<string, Float32Array>> {
  const rows = await store.db
    .selectFrom("vectors")
    .select(["item", "vector"])
    .where("user_id", "=", user)
    .where("task", "=", task)
    .where("model", "=", model)
    .execute();
  return new Map(rows.map(({ item, vector }) => [item, floats(vector)]));
}

/**
 * Keeps vectors of items as they were at a revision: of an item that was changed or deleted since then, none is kept.
 * @throws UserGone where the user for whom they were made is gone
 */
export async function keepVectors(
  scope: UserScope,
  { born, revision }: { readonly born: string; readonly revision: number },
  task: string,
  model: string,
  vectors: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const all = [...vectors];
  for (let from = 0; from < all.length; from += ROWS) {
    const some = all.slice(from, from + ROWS);
    await change(
      scope,
      async ({ trx, user }) => {
        const same = await trx
          .selectFrom("items")
          .select("id")
          .where("user_id", "=", user.id)
          .where("task", "=", task)
          .where(
            "id",
            "in",
            some.map(([id]) => id),
          )
          .where("revision", "<=", revision)
          .execute();
        const rows = same.flatMap(({ id: item }) => {
          const vector = vectors.get(item);
          return vector === undefined ? [] : [{ user_id: user.id, task, item, model, vector: bytes(vector) }];
        });
        if (rows.length === 0) return;
        await trx
          .insertInto("vectors")
          .values(rows)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      },
      { born, changes: false },
    );
  }
}

const bytes = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  Buffer.from(buffer, byteOffset, byteLength);

/** A copy: what a driver gives may lie anywhere in a buffer that is used again. */
const floats = (vector: Uint8Array | ArrayBuffer): Float32Array =>
  new Float32Array(Uint8Array.from(new Uint8Array(vector)).buffer);
