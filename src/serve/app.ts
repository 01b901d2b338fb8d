import { Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { version } from "../core/installation.ts";
import { checkCaller } from "./caller.ts";
import { checkHost, checkJson } from "./guard.ts";
import { openapi } from "./openapi.ts";
import { mountPage } from "./page.ts";
import { errorOf, Refused } from "./refusal.ts";
import { aboutRoute } from "./routes/about.ts";
import { beginForUser } from "./routes/begun.ts";
import { chatRoute } from "./routes/chat.ts";
import { embeddingsRoute } from "./routes/embeddings.ts";
import { eraseUserRoute } from "./routes/erase.ts";
import { feedbackRoute } from "./routes/feedback.ts";
import {
  deleteItemRoute,
  deleteItemsRoute,
  getItemRoute,
  listItemsRoute,
  postItemsRoute,
  putItemRoute,
} from "./routes/items.ts";
import { modelsRoute } from "./routes/models.ts";
import { type Noted, noteFault, noteRequests } from "./routes/note.ts";
import { exportRoute, importRoute } from "./routes/transfer.ts";
import { getUserRoute, listUsersRoute, putUserRoute } from "./routes/users.ts";
import type { Service } from "./service.ts";

/** No page elsewhere reads or frames what is served; what only means something over HTTPS, or to old browsers, is left out. */
const HEADERS = {
  ...{ crossOriginResourcePolicy: "same-origin", xFrameOptions: "DENY" },
  ...{ strictTransportSecurity: false, xDownloadOptions: false, xDnsPrefetchControl: false },
  ...{ xPermittedCrossDomainPolicies: false, xXssProtection: false },
};

/** The server's routes; `app.request` serves tests without a socket. */
export function makeApp(service: Service): Hono<Noted> {
  const { limits, stopping, metrics, uuid } = service;
  const app = new Hono<Noted>();
  app.onError((error, c) => {
    const refusal = noteFault(service, c, error);
    if (refusal.retryAfter !== undefined) c.header("Retry-After", String(refusal.retryAfter));
    return c.json(errorOf(refusal), refusal.status as 400);
  });
  app.notFound((c) => {
    throw new Refused({
      status: 404,
      message: `${c.req.method} of this path is no call of this API`,
      code: "not_found",
    });
  });
  app.use(requestId({ limitLength: 64, generator: () => uuid() }), noteRequests(service));
  app.use(secureHeaders(HEADERS), checkHost);
  // A connection that is kept would outlive the server by seconds.
  app.use(async (c, next) => {
    await next();
    if (stopping.begun.aborted) c.header("Connection", "close");
  });
  mountPage(app);
  app.get("/health", (c) => (stopping.begun.aborted ? c.json({ status: "stopping" }, 503) : c.json({ status: "ok" })));
  app.use(checkCaller(service), checkJson);
  app.on(["POST", "PUT"], "/v1/users/:user/*", beginForUser(service));
  // Where no body is read none is looked for, which would cost more than all the rest of a request.
  const [usual, long] = [atMost(limits.body), atMost(limits.import)];
  app.on(["POST", "PUT"], "*", (c, next) => (IMPORT.test(c.req.path) ? long : usual)(c, next));
  const document = openapi(version());
  app.get("/openapi.json", (c) => c.json(document));
  app.get("/metrics", async (c) =>
    c.body(await metrics.registry.metrics(), 200, { "content-type": metrics.registry.contentType }),
  );
  app.get("/page/about", aboutRoute(service));
  app.get("/v1/models", modelsRoute(service));
  app.post("/v1/chat/completions", chatRoute(service));
  app.post("/v1/embeddings", embeddingsRoute(service));
  app.post("/v1/feedback", feedbackRoute(service));
  mountUsers(app, service);
  return app;
}

const IMPORT = /^\/v1\/users\/[^/]+\/import$/;

const atMost = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new Refused({ status: 413, message: `the body is larger than ${maxSize} bytes`, code: "too_large" });
    },
  });

function mountUsers(app: Hono<Noted>, service: Service): void {
  const [users, user] = ["/v1/users", "/v1/users/:user"];
  app.get(users, listUsersRoute(service));
  app.put(user, putUserRoute(service)).get(getUserRoute(service)).delete(eraseUserRoute(service));
  app.get(`${user}/export`, exportRoute(service));
  app.post(`${user}/import`, importRoute(service));
  app.post(`${user}/items`, postItemsRoute(service)).get(listItemsRoute(service)).delete(deleteItemsRoute(service));
  const item = `${user}/items/:item`;
  app.put(item, putItemRoute(service)).get(getItemRoute(service)).delete(deleteItemRoute(service));
}
