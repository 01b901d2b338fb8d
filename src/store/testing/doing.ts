import type { KyselyPlugin } from "kysely";
import type { Store } from "../open.ts";

/** A store that does something after the n-th statement that goes through it. */
export function doing(store: Store, n: number, what: () => Promise<unknown>): Store {
  let statements = 0;
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (++statements === n) await what();
      return result;
    },
  };
  return { ...store, db: store.db.withPlugin(plugin) };
}
