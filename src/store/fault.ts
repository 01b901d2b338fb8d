/** PostgreSQL's classes of errors that another try may be spared: connection, resources, an operator's shutdown. */
const POSTGRES = /^(?:08|53|57P)/;
const SYSTEM = /^(?:ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;
const SQLITE = /^SQLITE_(?:BUSY|FULL|IOERR|LOCKED)/;
/** What pg says where it has no code. */
const SAID =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether an error says that the database can't be used now: a later request may find it again. */
export function storeLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(storeLost);
  const code = "code" in error ? String(error.code) : "";
  return POSTGRES.test(code) || SYSTEM.test(code) || SQLITE.test(code) || SAID.test(error.message);
}
