import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe } from "vitest";
import { openStore } from "../open.ts";
import type { Kind, Store } from "../store.ts";
import { type Cluster, POSTGRES_BIN, startPostgres } from "./postgres.ts";

export interface Stores {
  /** The URL of a new, empty store. */
  readonly url: () => Promise<string>;
  /** Opens a store, a new one without `url`; closed when the test is over. */
  readonly open: (url?: string, now?: () => number) => Promise<Store>;
}

/** Describes what holds of every kind of store, on a real one of each; PostgreSQL is skipped by name where it is not installed. */
export function describeStores(name: string, tests: (stores: Stores, kind: Kind) => void): void {
  for (const kind of ["sqlite", "postgres"] as const)
    describe.skipIf(kind === "postgres" && POSTGRES_BIN === null)(`${name}, in ${kind}`, () => {
      const opened: Store[] = [];
      const dir = mkdtempSync(join(tmpdir(), "tagpr-store-"));
      let cluster: Cluster | null = null;
      let count = 0;
      beforeAll(async () => {
        if (kind === "postgres") cluster = await startPostgres();
      });
      afterEach(async () => {
        for (const store of opened.splice(0)) await store.close();
      });
      afterAll(async () => {
        await cluster?.stop();
        rmSync(dir, { recursive: true, force: true });
      });
      const url = async (): Promise<string> => cluster?.database() ?? `sqlite:${join(dir, `${count++}.db`)}`;
      const open = async (at?: string, now: () => number = Date.now): Promise<Store> => {
        const store = await openStore(at ?? (await url()), { now, cwd: dir });
        opened.push(store);
        return store;
      };
      tests({ url, open }, kind);
    });
}
