import { z } from "zod";
import { LIMITS } from "./limits.ts";

/** What is put of a user. */
export const putUser = z
  .strictObject({
    consent: z
      .boolean()
      .optional()
      .describe(
        "Whether their items and feedback may be exported to train on; default: as it was, false for a new user.",
      ),
  })
  .describe("A user to be put. An empty body is one too.");

export const user = z
  .strictObject({
    object: z.literal("user"),
    id: z.string(),
    created: z.int().describe("Seconds since 1970."),
    consent: z.boolean(),
    items: z.record(z.string(), z.int()).describe("How many there are, by task."),
  })
  .describe("A user.");

const flat = z.record(z.string(), z.unknown());

export const putItem = flat.describe("A flat object with the task's item fields, and date where there is one.");

export const putItems = z
  .strictObject({
    task: z.string().min(1).optional().describe("One of the model's tasks; default: its first."),
    items: z
      .array(flat)
      .min(1)
      .max(LIMITS.items)
      .describe(
        "Flat objects with the task's item fields, and date and id where there are any; an id is made where there is none.",
      ),
  })
  .describe("Items to be put: one whose id is there is replaced.");

const counts = {
  added: z.int().describe("Items that were new."),
  changed: z.int().describe("Items that replaced one of the same id."),
  same: z.int().describe("Items that stood there already."),
};

export const itemsPut = z
  .strictObject({
    object: z.literal("user.items.put"),
    task: z.string(),
    ...counts,
    ids: z.array(z.string()).describe("Of the items, in the order in which they were given."),
  })
  .describe("What a put of items did.");

export const item = z
  .strictObject({
    object: z.literal("user.item"),
    id: z.string(),
    task: z.string(),
    date: z.string().optional(),
    fields: z.record(z.string(), z.string()),
    created: z.int().describe("When it was written, in seconds since 1970."),
  })
  .describe("An item of a user's history.");

const page = <T extends z.ZodType>(of: T) => ({
  object: z.literal("list"),
  data: z.array(of),
  first_id: z.string().nullable(),
  last_id: z.string().nullable().describe("Give it as `after` for the next page."),
  has_more: z.boolean(),
});
export const userList = z.strictObject(page(user.omit({ items: true }))).describe("Users, in order of their ids.");
export const itemList = z.strictObject(page(item)).describe("Items, in the order in which they came.");

export const itemsDeleted = z
  .strictObject({ object: z.literal("user.items.deleted"), deleted: z.int().describe("How many there were.") })
  .describe("What a deletion of items did.");

export const imported = z
  .strictObject({ object: z.literal("user.imported"), ...counts })
  .describe("What an import did.");

const rows = z.int().describe("Rows that there were.");
export const erased = z
  .strictObject({
    object: z.literal("user.erased"),
    id: z.string(),
    found: z.boolean().describe("Whether there was such a user."),
    removed: z.strictObject({ items: rows, vectors: rows, answers: rows, feedback: rows, requests: rows }),
    remains: z
      .array(z.string())
      .describe("What may still hold the user and can't be reached from here, a sentence each."),
  })
  .describe("What an erasure did.");

const limit = z.coerce
  .number()
  .pipe(z.int().min(1).max(LIMITS.page))
  .default(100)
  .describe(`Of a page; ${LIMITS.page} at most.`);
const task = z.string().min(1).optional().describe("One of the model's tasks.");

/** What stands behind the question mark. */
export const usersQuery = z.strictObject({
  limit,
  after: z.string().min(1).optional().describe("An id: users after it."),
});
export const itemsQuery = z.strictObject({
  ...{ limit, task },
  after: z.string().min(1).optional().describe("An item's id: items after it."),
});
export const taskQuery = z.strictObject({ task });
