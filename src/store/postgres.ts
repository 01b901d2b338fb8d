import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Tables } from "./tables.ts";

/** Connections of one instance. */
const CONNECTIONS = 10;
/** Milliseconds in which a connection is made, and a statement ends. */
const CONNECT_MS = 10_000;
const STATEMENT_MS = 60_000;
/** The type of `bigint`, which pg gives as a text: ours are times and counts, which a number holds. */
const INT8 = 20;

/** Opens a pool of connections; none is made before the first statement. */
export function openPostgres(url: string): { readonly db: Kysely<Tables>; readonly pool: pg.Pool } {
  const pool = new pg.Pool({
    ...{ connectionString: url, max: CONNECTIONS, connectionTimeoutMillis: CONNECT_MS },
    ...{ statement_timeout: STATEMENT_MS, idle_in_transaction_session_timeout: STATEMENT_MS },
    application_name: "tagpr",
    types: {
      getTypeParser: ((oid: number, format?: "text" | "binary") =>
        oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that is lost while nothing uses it is made anew with the next statement.
  pool.on("error", () => {});
  return { db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), pool };
}
