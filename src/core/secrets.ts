/** Servers sometimes echo the key in their own error texts. An ordinary word (`none`, `ollama`) is no secret, and stays. */
export function redact(text: string, key: string): string {
  return key === "" || isOrdinaryWord(key) ? text : text.split(key).join("[key]");
}

/** What people write where a server wants no key: masking it would tear holes into sentences that happen to use the word. */
const isOrdinaryWord = (key: string): boolean => key.length < 16 && /^\p{L}+(?:[ _-]\p{L}+)?$/u.test(key);

/** A URL as it may be shown: without user, password, query and fragment. */
export function withoutSecrets(url: string): string {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "(not a URL)";
  }
}

/** Names under which keys travel in a query: `?key=`, `?api_key=`, `?access_token=`, `?sig=`. */
const KEY_NAME = /key|token|secret|passw|auth|credential|signature|^(sig|pw|pwd|code)$/i;

/** What of a URL is a secret, in words that don't repeat it; null where nothing is. A URL stands in records and messages. */
export function secretInUrl(url: string): string | null {
  if (!URL.canParse(url)) return looksLikeKey(url) ? "what looks like a key" : null;
  const { username, password, searchParams, hash } = new URL(url);
  if (username !== "" || password !== "") return "a user name or a password";
  const suspect = [...searchParams].some(([name, value]) => KEY_NAME.test(name) || looksLikeKey(value));
  return suspect || looksLikeKey(hash.slice(1)) ? "what looks like a key in its query" : null;
}

/** Whether a text is rather a key than a word or a name of one: 16 letters and digits in a row, or more. */
export const looksLikeKey = (text: string): boolean =>
  (text.match(/[A-Za-z0-9]{16,}/g) ?? []).some((run) => /\d/.test(run) && /[A-Za-z]/.test(run));

/** Whether a text can be the name of an environment variable, and is not itself a key that was typed into its place. */
export const isVariableName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !looksLikeKey(text);
