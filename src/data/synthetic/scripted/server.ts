import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { Hono } from "hono";
import { z } from "zod";
import { messageOf, TagprError } from "../../../core/errors.ts";
import { stream } from "../../../core/random.ts";
import { hashJson } from "../../../core/run-dir.ts";
import type { Almanac } from "../almanac.ts";
import { readPrompt } from "../read.ts";
import { grade } from "./judge.ts";
import * as shares from "./shares.ts";
import { tagLines } from "./tagger.ts";
import { rollOut } from "./teacher.ts";

const request = z.object({
  model: z.string().default("scripted"),
  messages: z.array(z.object({ role: z.string(), content: z.string() })).min(1),
  n: z.int().min(1).max(256).default(1),
});

interface Said {
  readonly reasoning?: string;
  readonly content: string;
}

/**
 * What one request is answered, sample by sample: a function of the request's text, the sample's index and the public
 * facts, and of nothing else. Gold answers, seeds and hidden variables have no way in.
 */
export function answerScripted(almanac: Almanac, messages: readonly { content: string }[], n: number): Said[] {
  const text = messages.map(({ content }) => content).join("\n\n");
  const asked = messages.at(-1)?.content ?? "";
  const reply = replier(almanac, text, asked);
  return Array.from({ length: n }, (_, i) => reply(i));
}

function replier(almanac: Almanac, text: string, asked: string): (i: number) => Said {
  const random = (i: number) => stream("scripted", text, i);
  const reasoning = section(asked, "reasoning");
  if (reasoning === null) {
    const prompt = readPrompt(asked);
    return (i) => {
      const said = prompt && rollOut(almanac, prompt, random(i));
      return said ? { reasoning: said.thoughts.join("\n"), content: said.answer } : { content: "I can't tell." };
    };
  }
  if (text.includes("logical_consistency")) {
    const [prompt, answer] = [section(asked, "prompt") ?? "", section(asked, "answer") ?? ""];
    return (i) => json(random(i), (r) => grade(almanac, prompt, reasoning, answer, r));
  }
  const allowed = /^Allowed tags: (.*)$/m.exec(text)?.[1]?.split(", ") ?? null;
  const lines = reasoning.split("\n").map((line) => line.replace(/^\d+: /, ""));
  return (i) => json(random(i), (r) => ({ segments: tagLines(lines, allowed, r) }));
}

function json(random: ReturnType<typeof stream>, make: (random: ReturnType<typeof stream>) => unknown): Said {
  return {
    content:
      random.next() < shares.GARBLED
        ? "I would rather not say."
        : `\`\`\`json\n${JSON.stringify(make(random))}\n\`\`\``,
  };
}

/** The text between `<name>` and the last `</name>`, or null. */
function section(text: string, name: string): string | null {
  const begin = text.indexOf(`<${name}>`);
  const end = text.lastIndexOf(`</${name}>`);
  return begin < 0 || end < begin ? null : text.slice(begin + name.length + 2, end).trim();
}

const words = (text: string): number => text.split(/\s+/).length;

/** The OpenAI-compatible app; `app.request` serves tests without a socket. */
export function scriptedApp(almanac: Almanac): Hono {
  const app = new Hono();
  app.get("/v1/models", (c) => c.json({ object: "list", data: [{ id: "scripted", object: "model" }] }));
  app.post("/v1/chat/completions", async (c) => {
    const body = request.safeParse(await c.req.json().catch(() => null));
    if (!body.success)
      return c.json({ error: { message: z.prettifyError(body.error), type: "invalid_request_error" } }, 400);
    const { model, messages, n } = body.data;
    const said = answerScripted(almanac, messages, n);
    return c.json({
      id: "scripted",
      object: "chat.completion",
      model,
      choices: said.map(({ reasoning, content }, index) => ({
        index,
        message: { role: "assistant", content, ...(reasoning === undefined ? {} : { reasoning_content: reasoning }) },
        finish_reason: "stop",
      })),
      usage: {
        prompt_tokens: messages.reduce((sum, { content }) => sum + words(content), 0),
        completion_tokens: said.reduce((sum, one) => sum + words(`${one.reasoning ?? ""} ${one.content}`), 0),
      },
    });
  });
  return app;
}

export interface Scripted {
  /** Base URL, ending in /v1. */
  readonly url: string;
  /** What its answers hang on besides a request: name it so in a cache, since its port changes. */
  readonly identity: string;
  close(): Promise<void>;
}

/** A name for the almanac and the shares that answers are made with. */
export function scriptedIdentity(almanac: Almanac): string {
  return `scripted ${hashJson({ almanac, shares })}`;
}

/** Starts the scripted teacher, judge and tagger on loopback; port 0 takes any free one. */
export async function startScripted({ almanac, port = 0 }: { almanac: Almanac; port?: number }): Promise<Scripted> {
  const server = createServer(getRequestListener(scriptedApp(almanac).fetch));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  }).catch((error: unknown) => {
    throw new TagprError("environment", `the scripted teacher can't listen on port ${port}: ${messageOf(error)}`, {
      hint: "Take another port, or 0 for any free one.",
      cause: error,
    });
  });
  const address = server.address();
  const bound = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}/v1`,
    identity: scriptedIdentity(almanac),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
