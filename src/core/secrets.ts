/** Servers sometimes echo the key in their own error texts. */
export function redact(text: string, key: string): string {
  return key === "" ? text : text.split(key).join("[key]");
}

/** A URL as it may be shown: without user, password and query. */
export function withoutSecrets(url: string): string {
  try {
    const { origin, pathname } = new URL(url);
    return `${origin}${pathname === "/" ? "" : pathname}`;
  } catch {
    return "(not a URL)";
  }
}
