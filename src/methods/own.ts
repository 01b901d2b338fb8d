import { readFileSync } from "node:fs";
import { messageOf, TagprError } from "../core/errors.ts";
import { loadModule } from "../core/load-module.ts";
import { hashJson } from "../core/run-dir.ts";
import { zipStrict } from "../core/zip.ts";
import type { ShownExample } from "../data/types.ts";
import type { Cost, Method, Reply, Tools } from "../eval/types.ts";
import { countedTools } from "./counted.ts";
import { type Exported, exported, faultIn, type Replied, replied, type Said } from "./own-shapes.ts";

/** The module and the export that `path.ts#export` names. */
export function moduleOf(given: string): { readonly path: string; readonly export: string } {
  const [path = "", name = "default"] = given.split("#");
  return { path, export: name };
}

/**
 * A method that stands in a module of one's own, `path.ts` or `path.ts#name` of an export. It is given what every method is
 * given, and checked as one: a reply an example, each a text or a {@link Reply} whose missing parts are filled in. What it
 * keeps in `tools.store` hangs on the module's text.
 */
export function ownMethod(name: string, given: string): Method {
  const base = { name, paper: "–", trains: [], external: true as const };
  const prepare = async (): Promise<Method> => {
    const {
      answer,
      label = name.replace(/^own-/, ""),
      source = "a module",
      about = "A method of one's own.",
      ...more
    } = await load(name, given);
    return {
      ...{ ...base, ...more, label, source, about },
      answer: (examples, tools) => answered({ name, given, profile: more.profile }, answer, examples, tools),
    };
  };
  return {
    ...{ ...base, label: name.replace(/^own-/, ""), source: "a module", about: "A method of one's own." },
    ...{ profile: true, reasoning: false, prepare },
    answer: async (examples, tools) => (await prepare()).answer(examples, tools),
  };
}

async function load(name: string, given: string): Promise<Exported> {
  const { path, export: wanted } = moduleOf(given);
  const module = await loadModule(path);
  const read = exported.safeParse(module[wanted]);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const what =
    module[wanted] === undefined
      ? `${path} exports no ${wanted} (it has ${Object.keys(module).join(", ") || "nothing"})`
      : issue?.path[0] === "answer" || issue?.path.length === 0
        ? `${wanted} of ${path} is neither a function nor an object with one called answer`
        : `${wanted} of ${path}: ${issue?.path.join(".")}: ${issue?.message}`;
  throw new TagprError("usage", `${name}: ${what}`, {
    hint: 'For example: export default async (examples, tools) => examples.map(() => "comedy"); or {label, reasoning, answer}.',
  });
}

interface Own {
  readonly name: string;
  readonly given: string;
  readonly profile: boolean;
}

async function answered(
  own: Own,
  answer: Method["answer"],
  examples: readonly ShownExample[],
  tools: Tools,
): Promise<Reply[]> {
  const { counted, took } = countedTools(tools);
  const text = hashJson(readFileSync(moduleOf(own.given).path, "utf8")).slice(0, 12);
  const store: Tools["store"] = (kept) => tools.store(`${own.name}-${text}-${kept}`);
  const replies = await called(own, () => answer(examples, { ...counted, store }));
  if (!Array.isArray(replies) || replies.length !== examples.length) {
    const gave = Array.isArray(replies) ? `${replies.length} replies` : "no list of replies";
    throw bad(own, `gave ${gave} to ${examples.length} examples`);
  }
  const share = took(examples.length);
  return zipStrict(examples, replies as unknown[]).map(([example, reply]) => {
    const read = replied.safeParse(reply);
    if (!read.success) throw bad(own, `${example.task}, query ${example.id}: ${faultIn(reply, read.error)}`);
    return filled(read.data, own.profile ? example.shown : [], share, tools);
  });
}

async function called(own: Own, answer: () => unknown): Promise<unknown> {
  try {
    return await answer();
  } catch (error) {
    throw error instanceof TagprError ? error : bad(own, `failed: ${messageOf(error)}`, error);
  }
}

/** What the reply leaves out: tokens of its text, the items of its example, its share of what the batch took. */
function filled(reply: Replied, shown: Reply["shown"], share: Cost, { renderer }: Tools): Reply {
  const one = ({ response, tokens, truncated }: Said) => ({
    ...{ response, tokens: tokens ?? renderer.encode(response).length, truncated },
  });
  const { cut, cost = share, samples, made } = reply;
  return {
    ...{ ...one(reply), shown: reply.shown ?? shown, cut, cost },
    ...(samples === undefined ? {} : { samples: samples.map(one) }),
    ...(made === undefined ? {} : { made }),
  };
}

const bad = ({ name, given }: Own, what: string, cause?: unknown): TagprError =>
  new TagprError("usage", `${name}: ${moduleOf(given).path} ${what}`, {
    hint: "Mend the module and start again: what was asked before is kept.",
    ...(cause === undefined ? {} : { cause }),
  });
