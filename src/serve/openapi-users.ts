import { answers, body, inHeader, inPath, json, queryOf } from "./openapi-parts.ts";
import * as users from "./users-schema.ts";

export const userSchemas = {
  ...{ PutUser: users.putUser, User: users.user, UserList: users.userList },
  ...{ PutItem: users.putItem, PutItems: users.putItems, ItemsPut: users.itemsPut, Item: users.item },
  ...{ ItemList: users.itemList, ItemsDeleted: users.itemsDeleted, Imported: users.imported, Erased: users.erased },
};

const USER = inPath(
  "user",
  "The user's id, percent-encoded: any text of 1 to 256 characters without control characters.",
);
const ITEM = inPath("item", "The item's id, percent-encoded.");
const KEY = inHeader(
  "Idempotency-Key",
  "A request with a key that came before is not done again within a day: it is answered as before.",
);
const lines = { "application/jsonl": { schema: { type: "string", description: "A JSON object a line." } } };

/** What there is about users, with `--store`. */
export const userPaths: Readonly<Record<string, object>> = {
  "/v1/users": {
    get: {
      ...{ operationId: "listUsers", parameters: queryOf(users.usersQuery) },
      responses: answers("Users.", json("UserList")),
    },
  },
  "/v1/users/{user}": {
    parameters: [USER],
    put: {
      ...{ operationId: "putUser", requestBody: { ...body("PutUser"), required: false } },
      responses: {
        ...answers("The user, who was there.", json("User")),
        201: { description: "A new user.", content: json("User") },
      },
    },
    get: { operationId: "getUser", responses: answers("The user.", json("User")) },
    delete: { operationId: "eraseUser", responses: answers("The user is erased.", json("Erased")) },
  },
  "/v1/users/{user}/items": {
    parameters: [USER],
    post: {
      ...{ operationId: "putItems", parameters: [KEY], requestBody: body("PutItems") },
      responses: answers("What was done.", json("ItemsPut")),
    },
    get: {
      ...{ operationId: "listItems", parameters: queryOf(users.itemsQuery) },
      responses: answers("Items.", json("ItemList")),
    },
    delete: {
      ...{ operationId: "deleteItems", parameters: queryOf(users.taskQuery) },
      responses: answers("How many were deleted.", json("ItemsDeleted")),
    },
  },
  "/v1/users/{user}/items/{item}": {
    parameters: [USER, ITEM, ...queryOf(users.taskQuery)],
    put: {
      ...{ operationId: "putItem", requestBody: body("PutItem") },
      responses: {
        ...answers("The item, which replaced one.", json("Item")),
        201: { description: "A new item.", content: json("Item") },
      },
    },
    get: { operationId: "getItem", responses: answers("The item.", json("Item")) },
    delete: { operationId: "deleteItem", responses: answers("How many were deleted.", json("ItemsDeleted")) },
  },
  "/v1/users/{user}/export": {
    parameters: [USER],
    get: { operationId: "exportUser", responses: answers("All that is kept of the user.", lines) },
  },
  "/v1/users/{user}/import": {
    parameters: [USER],
    post: {
      ...{ operationId: "importUser", requestBody: { required: true, content: lines } },
      responses: answers("What was done.", json("Imported")),
    },
  },
};
