import type { Context } from "hono";
import { stream } from "hono/streaming";
import type { z } from "zod";
import { messageOf, TagprError } from "../../core/errors.ts";
import { isObject } from "../../data/lamp/record.ts";
import type { Task } from "../../data/task.ts";
import type { ProfileItem } from "../../data/types.ts";
import { type Put, pageItems } from "../../store/items.ts";
import { leftOf } from "../../store/left.ts";
import { change, findUser, UserGone, type UserScope } from "../../store/user.ts";
import { putUser } from "../../store/users.ts";
import { readPut } from "../item-of.ts";
import { putBounded } from "../put-items.ts";
import type { Service } from "../service.ts";
import type * as schema from "../users-schema.ts";
import { asked, itemOf } from "./items.ts";
import type { Noted } from "./note.ts";
import { scopeOfPath, userOf } from "./users.ts";

/** Items of one short transaction. */
const BATCH = 500;

/** `GET /v1/users/{user}/export`: all that is kept of a user, a JSON object a line: the user, items, answers that wait for feedback, feedback. */
export function exportRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const user = await findUser(scope);
    if (user === null) throw new UserGone();
    const head = await userOf(scope, user);
    c.header("content-type", "application/jsonl; charset=utf-8");
    return stream(c, async (out) => {
      await out.write(`${JSON.stringify(head)}\n`);
      for await (const batch of batchesOf(scope))
        await out.write(batch.map((item) => `${JSON.stringify(itemOf(item))}\n`).join(""));
      const { answers, feedback } = await leftOf(scope);
      for (const row of answers) await out.write(`${JSON.stringify({ object: "user.answer", ...row })}\n`);
      for (const row of feedback) await out.write(`${JSON.stringify({ object: "user.feedback", ...row })}\n`);
    });
  };
}

async function* batchesOf(scope: UserScope): AsyncGenerator<Awaited<ReturnType<typeof pageItems>>> {
  for (let from = 0; ; ) {
    const batch = await pageItems(scope, { from, limit: BATCH });
    const last = batch.at(-1);
    if (last === undefined) return;
    yield batch;
    from = last.place + 1;
  }
}

/**
 * `POST /v1/users/{user}/import`: what an export gave, of which answers and feedback are left alone, or lines with `task`, `fields`, and `id` and `date` where there are any. All lines
 * are checked before the first is written; they are written in batches, and one that was cut off is done by sending it again.
 */
export function importRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const scope = scopeOfPath(service, c);
    const { consent, tasks } = readLines(service, await c.req.text());
    const { user } = await putUser(scope, { consent }, c.get("begunFor").erased);
    const time = scope.store.now();
    const sum = { added: 0, changed: 0, same: 0 };
    for (const [task, items] of tasks)
      for (let from = 0; from < items.length; from += BATCH) {
        const batch = items.slice(from, from + BATCH);
        const put = await change(scope, (made) => putBounded(made, task, batch, time, service.limits), {
          born: user.born,
        });
        for (const key of Object.keys(sum) as (keyof Put)[]) sum[key] += put[key];
      }
    return c.json({ object: "user.imported", ...sum } satisfies z.output<typeof schema.imported>);
  };
}

interface Lines {
  readonly consent: boolean | undefined;
  readonly tasks: ReadonlyMap<string, readonly ProfileItem[]>;
}

function readLines(service: Service, text: string): Lines {
  let consent: boolean | undefined;
  const tasks = new Map<string, Map<string, ProfileItem>>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const where = `line ${i + 1}`;
    const { object = "user.item", ...value } = objectOf(line, where);
    if (object === "user") consent = typeof value.consent === "boolean" ? value.consent : consent;
    else if (object === "user.item") {
      const [task, item] = readLine(service, value, where);
      const items = tasks.get(task.name) ?? new Map<string, ProfileItem>();
      tasks.set(task.name, items);
      // Of two lines with one id the later counts, as if they had been put one after the other.
      items.set(item.id, item);
    } else if (object !== "user.answer" && object !== "user.feedback")
      throw wrong(where, `an object ${JSON.stringify(object)} can't be imported`);
  }
  return { consent, tasks: new Map([...tasks].map(([task, items]) => [task, [...items.values()]])) };
}

function readLine(service: Service, value: Record<string, unknown>, where: string): [Task, ProfileItem] {
  const { task: named, fields, id, date } = value;
  if (!isObject(fields)) throw wrong(where, "has no fields");
  if (named !== undefined && typeof named !== "string") throw wrong(where, "its task is no name");
  const task = asked(service, named);
  const [item] = readPut(task, [{ ...fields, id, ...(date === undefined ? {} : { date }) }], where, service.uuid);
  if (item === undefined) throw wrong(where, "holds no item");
  return [task, item];
}

function objectOf(line: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw wrong(where, `is no JSON (${messageOf(error)})`);
  }
  if (!isObject(value)) throw wrong(where, "is no object");
  return value;
}

const wrong = (where: string, what: string): TagprError =>
  new TagprError("data", `${where}: ${what}`, {
    hint: "A line is an object with task, fields, and id and date where there are any. Nothing was written.",
  });
