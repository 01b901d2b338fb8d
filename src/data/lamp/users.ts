import { idOf, isObject, textOf } from "./record.ts";
import { scanRecords } from "./scan.ts";

/** Who asks each query of a questions file, by query id; null where the file names no user (user-based splits). */
export async function readUsers(questions: string): Promise<ReadonlyMap<string, string | null>> {
  const users = new Map<string, string | null>();
  for await (const { value } of scanRecords(questions)) {
    const id = idOf(value);
    if (id !== null && isObject(value)) users.set(id, textOf(value, "user_id"));
  }
  return users;
}
