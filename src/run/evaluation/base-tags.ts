import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, writeJson } from "../../core/jsonl.ts";
import { meanScore } from "../../eval/headline.ts";
import { predictionFile } from "../../eval/prediction-file.ts";
import type { Method, Tools } from "../../eval/types.ts";
import type { StageContext } from "../stage.ts";
import type { OnDev } from "./decoding.ts";

/** `base.json`: mean dev scores of base models that were told the tags, and that weren't. */
type BaseFile = Readonly<Record<string, { readonly named: number; readonly unnamed: number }>>;

/**
 * Which tags each method's system prompt names. A base model has never seen a tag: with `eval.base: better` one that reasons
 * is asked on dev with and without them, greedily, and keeps what scores better (as `prompt.names_tags` says where both do).
 */
export async function chooseTags(
  { config, dir }: Pick<StageContext, "config" | "dir">,
  methods: readonly Method[],
  { tags, allowed }: { readonly tags: Tools["tags"]; readonly allowed: Tools["tags"] },
  onDev: (tags: Tools["tags"]) => OnDev,
): Promise<(method: Method) => Tools["tags"]> {
  const asked = methods.filter(({ trains, reasoning, external }) => reasoning && trains.length === 0 && !external);
  const names = new Set(asked.map(({ name }) => name));
  if (config.eval.base === "unnamed") return ({ name }) => (names.has(name) ? [] : tags);
  if (config.eval.base !== "better" || allowed.length === 0 || asked.length === 0) return () => tags;
  const tried: [string, BaseFile[string]][] = [];
  for (const method of asked) {
    const score = async (name: "named" | "unnamed"): Promise<number> => {
      const title = `${method.label}, dev with tags ${name}`;
      const predictions = await onDev(name === "named" ? allowed : [])(
        method,
        predictionFile(`${method.name}-${name}`),
        undefined,
        title,
      );
      return predictions.reduce((sum, one) => sum + meanScore(one, config.eval.reading), 0) / predictions.length;
    };
    tried.push([method.name, { named: await score("named"), unnamed: await score("unnamed") }]);
  }
  const file: BaseFile = Object.fromEntries(tried);
  writeJson(join(dir, "base.json"), file);
  return ({ name }) => better(file[name], { tags, allowed });
}

const better = (
  own: BaseFile[string] | undefined,
  { tags, allowed }: { tags: Tools["tags"]; allowed: Tools["tags"] },
) => (own === undefined || own.named === own.unnamed ? tags : own.named > own.unnamed ? allowed : []);

/** The tags that a method's prompts named in an evaluation that stands in `dir`. */
export function tagsAsked(
  { config, dir }: Pick<StageContext, "config" | "dir">,
  method: Method,
  given: { readonly tags: Tools["tags"]; readonly allowed: Tools["tags"] },
): Tools["tags"] {
  const isBase = method.reasoning && method.trains.length === 0 && method.external !== true;
  if (isBase && config.eval.base === "unnamed") return [];
  const path = join(dir, "base.json");
  return isBase && existsSync(path) ? better(readJson<BaseFile>(path)[method.name], given) : given.tags;
}
