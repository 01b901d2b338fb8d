import type { Hono } from "hono";
import type { Noted } from "./routes/note.ts";

/** What `/` serves: where to read on. Nothing of it needs the token. */
export function mountPage(app: Hono<Noted>): void {
  app.get("/", (c) => c.text("TagPR serves OpenAI's API at /v1; GET /openapi.json describes it.\n"));
}
