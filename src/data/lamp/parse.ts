/** A string of JSON, or a number that Python writes though JSON has none. */
const TOKEN = /"(?:[^"\\]|\\.)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/gs;

/** `JSON.parse`, but for `NaN` and infinities as Python's `json.dump` writes them: missing values, so null. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    const plain = text.replace(TOKEN, (token) => (token.startsWith('"') ? token : "null"));
    try {
      return JSON.parse(plain) as unknown;
    } catch {
      throw error;
    }
  }
}
