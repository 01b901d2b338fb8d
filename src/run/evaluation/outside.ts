import { existsSync } from "node:fs";
import { rowNamed } from "../../core/config/method-names.ts";
import type { Config } from "../../core/config/schema.ts";
import { TagprError } from "../../core/errors.ts";
import { methodsOf } from "../../methods/index.ts";
import { moduleOf } from "../../methods/own.ts";
import { identity } from "../key.ts";
import type { StageContext } from "../stage.ts";

/** Paths that `eval.own` and `eval.predictions` name, of methods that are asked; by method. */
const filesUsed = (config: Config): [name: string, path: string][] => {
  const { own, predictions } = config.eval;
  const all: [string, string][] = [
    ...Object.entries(own).map(([name, given]): [string, string] => [`own-${name}`, moduleOf(given).path]),
    ...Object.entries(predictions).map(([name, path]): [string, string] => [`file-${name}`, path]),
  ];
  return all.filter(([name]) => asked(config).has(name));
};

/** Rows, also those whose samples another one chooses from. */
const asked = (config: Config): ReadonlySet<string> => new Set(methodsOf(config).map(({ name }) => rowNamed(name)));

/** What answers hang on outside of the run: the text of modules and of files of predictions; undefined where there are none. */
export async function methodsOutside(config: Config): Promise<unknown> {
  const files = filesUsed(config);
  if (files.length === 0) return undefined;
  return Object.fromEntries(await Promise.all(files.map(async ([name, path]) => [name, await identity(path)])));
}

/** On this machine no key is usual. */
const LOOPBACK = /^https?:\/\/(?:localhost|127\.|\[::1\])/i;

/** What the methods of a config lack outside: files (code `usage`), the key of an endpoint elsewhere (`environment`). No module is run. */
export function methodsLack(config: Config, secret: StageContext["secret"]): TagprError[] {
  const files = filesUsed(config).flatMap(([name, path]) =>
    existsSync(path)
      ? []
      : [
          new TagprError("usage", `${name}: there is no ${path}`, {
            hint: "Its path is taken from the folder that the command runs in.",
          }),
        ],
  );
  const keys = Object.entries(config.eval.apis).flatMap(([name, { url, key_env }]) =>
    [`api-${name}`, `api-${name}-r`].some((one) => asked(config).has(one)) &&
    !LOOPBACK.test(url) &&
    (secret(key_env) ?? "") === ""
      ? [
          new TagprError("environment", `eval.apis.${name}: the environment variable ${key_env} is not set`, {
            hint: `Set it to the endpoint's key, or name another one with eval.apis.${name}.key_env.`,
          }),
        ]
      : [],
  );
  return [...files, ...keys];
}
