import type { Context } from "hono";
import type { z } from "zod";
import type { modelList } from "../schema.ts";
import type { Service } from "../service.ts";

/** `GET /v1/models`. */
export function modelsRoute({ askers, embeddings, today }: Service) {
  const created = Math.floor(today().getTime() / 1000);
  const names = [...askers.keys(), ...(embeddings === null ? [] : [embeddings.model])];
  const body: z.output<typeof modelList> = {
    object: "list",
    data: names.map((id) => ({ id, object: "model", created, owned_by: "tagpr" })),
  };
  return (c: Context): Response => c.json(body);
}
