import { TagprError } from "../../../core/errors.ts";
import { isVariableName, secretInUrl } from "../../../core/secrets.ts";

/** As a command calls them. */
const FLAGS = { url: "--url", keyEnv: "--key-env" };

/**
 * An endpoint's `--url` and `--key-env`, before anything is done with them.
 * @throws TagprError `usage`, which doesn't repeat what may be a key, as a parser of the command line would
 */
export function requireNoSecrets(
  { url, keyEnv }: { readonly url?: string | undefined; readonly keyEnv: string },
  flags: Readonly<typeof FLAGS> = FLAGS,
): void {
  const secret = url === undefined ? null : secretInUrl(url);
  if (secret !== null)
    throw new TagprError("usage", `${flags.url} holds ${secret}`, {
      hint: `Take it out: a key comes from the environment variable that ${flags.keyEnv} names.`,
    });
  if (url !== undefined && !/^https?:\/\/[^/]/.test(url))
    throw new TagprError("usage", `${flags.url} ${url} is not a URL`, {
      hint: "For example https://api.openai.com/v1.",
    });
  if (!isVariableName(keyEnv))
    throw new TagprError("usage", `${flags.keyEnv} holds no name of an environment variable`, {
      hint: "Put the key itself into a variable, e.g. OPENAI_API_KEY, and name that.",
    });
}
