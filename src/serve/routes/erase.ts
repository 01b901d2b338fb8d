import type { Context } from "hono";
import type { z } from "zod";
import { eraseUser } from "../../store/erase.ts";
import type { Store } from "../../store/open.ts";
import type { Service } from "../service.ts";
import type * as schema from "../users-schema.ts";
import type { Noted } from "./note.ts";
import { scopeOfPath } from "./users.ts";

/** `DELETE /v1/users/{user}`: erases the user, and names what still holds them. */
export function eraseUserRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const removed = await eraseUser(scope);
    service.histories.forget(scope);
    for (const { forget } of service.askers.values()) forget?.();
    return c.json({
      object: "user.erased",
      ...{ id: scope.user, found: removed !== null },
      removed: removed ?? { items: 0, vectors: 0, answers: 0, feedback: 0, requests: 0 },
      remains: remainsOf(scope.store),
    } satisfies z.output<typeof schema.erased>);
  };
}

/** What one call can't reach, in sentences for who has to answer for it. */
const remainsOf = (store: Store): string[] => [
  ...REMAINS[store.kind],
  store.tombstones === null
    ? "Backups of the database hold this user. One that is restored brings them back, unless servers were given --tombstones FILE."
    : `Backups of the database hold this user. One that is restored is cleared of them when it is opened beside ${store.tombstones}.`,
  "Weights that were trained on what this user left still hold what they learnt of it: `tagpr forget RUN --user ID` says of a run whether it was one.",
  "Exports of this user, and folders of data that were made from this store, are files of their own: delete them.",
  "An upstream server keeps the computed prompts of its last requests in memory until others take their place, or it is restarted.",
];

const REMAINS = {
  sqlite: [],
  postgres: [
    "PostgreSQL's write-ahead log, and what is archived or replicated from it, holds the deleted rows until it is recycled.",
    "Free space in PostgreSQL's data files holds bytes of deleted rows until it is used again; no query and no dump reads them.",
  ],
} as const;
