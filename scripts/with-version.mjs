/**
 * The text of a file with another version in its line `version = "…"` or `version: …`, and with the date of release.
 * @param {string} text
 * @param {string} version
 * @param {string} date e.g. `2026-11-29`
 */
export function withVersion(text, version, date) {
  const line = /^version(: | = )("?)[^"\n]*\2$/m;
  if (!line.test(text)) throw new Error("the file has no line with its version");
  return text.replace(line, `version$1$2${version}$2`).replace(/^date-released: .*$/m, `date-released: ${date}`);
}
