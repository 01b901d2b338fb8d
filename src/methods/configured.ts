import type { Config } from "../core/config/schema.ts";
import type { Method } from "../eval/types.ts";
import { apiMethod } from "./api.ts";
import { fromFile } from "./from-file.ts";
import { ownMethod } from "./own.ts";

/** The methods that only a config knows: models behind endpoints, modules, files. Null where the name is none of them. */
export function configuredMethod(name: string, { eval: { apis, own, predictions, missing } }: Config): Method | null {
  const entry = name.slice(name.indexOf("-") + 1);
  if (name.startsWith("own-") && own[entry] !== undefined) return ownMethod(name, own[entry]);
  if (name.startsWith("file-") && predictions[entry] !== undefined) return fromFile(name, predictions[entry], missing);
  if (!name.startsWith("api-")) return null;
  if (apis[entry] !== undefined) return apiMethod(name, entry, apis[entry], false);
  const plain = entry.replace(/-r$/, "");
  return plain !== entry && apis[plain] !== undefined ? apiMethod(name, plain, apis[plain], true) : null;
}

/** Their names, in the order of the config. */
export const configuredNames = ({ eval: { apis, own, predictions } }: Config): string[] => [
  ...Object.keys(apis).flatMap((name) => [`api-${name}`, `api-${name}-r`]),
  ...Object.keys(own).map((name) => `own-${name}`),
  ...Object.keys(predictions).map((name) => `file-${name}`),
];
