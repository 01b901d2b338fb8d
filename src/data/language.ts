/**
 * A language tag in its canonical form (`zh-hans-cn` → `zh-Hans-CN`); null for what is no BCP 47 tag of a language that
 * CLDR knows (`cn`, `english`). Three-letter codes are taken as they are: CLDR names few of the rare ones.
 */
export function languageTag(text: string): string | null {
  let tag: string | undefined;
  try {
    [tag] = Intl.getCanonicalLocales(text);
  } catch {
    return null;
  }
  if (tag === undefined) return null;
  const language = baseLanguage(tag);
  return language.length === 3 || NAMES.of(language) !== undefined ? tag : null;
}

const NAMES = new Intl.DisplayNames(["en"], { type: "language", fallback: "none" });

/** The language of a tag, without script and region: `zh` of `zh-Hant-TW`. */
export const baseLanguage = (tag: string): string => tag.split("-")[0] ?? tag;

/** Scripts whose letters tell a language, and which: the commonest one that is written so. */
const SCRIPTS = [
  ["en", /\p{Script=Latin}/gu],
  ["zh", /\p{Script=Han}/gu],
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["th", /\p{Script=Thai}/gu],
  ["ar", /\p{Script=Arabic}/gu],
  ["ru", /\p{Script=Cyrillic}/gu],
  ["el", /\p{Script=Greek}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["hi", /\p{Script=Devanagari}/gu],
] as const;

/** A character of Chinese, Japanese or Korean says about as much as so many of an alphabet. */
const LETTERS_A_SYLLABLE = 3;
/** Japanese is written with Han characters too; so much kana among them tells it from Chinese. */
const KANA_SHARE = 0.1;

/**
 * The language that most texts are written in, as far as their script tells (Latin letters count as English, Cyrillic
 * ones as Russian); texts without letters say nothing. One foreign character among many changes nothing.
 */
export function guessLanguage(texts: Iterable<string>): string {
  const votes = new Map<string, number>();
  for (const text of texts) {
    const language = languageOfText(text);
    if (language !== null) votes.set(language, (votes.get(language) ?? 0) + 1);
  }
  return [...votes].reduce((best, one) => (one[1] > best[1] ? one : best), ["en", 0] as const)[0];
}

function languageOfText(text: string): string | null {
  const counts = new Map(SCRIPTS.map(([language, letters]) => [language, text.match(letters)?.length ?? 0]));
  const [han, kana] = [counts.get("zh") ?? 0, counts.get("ja") ?? 0];
  const japanese = kana > KANA_SHARE * (han + kana);
  counts.set("ja", japanese ? LETTERS_A_SYLLABLE * (han + kana) : 0);
  counts.set("ko", LETTERS_A_SYLLABLE * (counts.get("ko") ?? 0));
  counts.set("zh", japanese ? 0 : LETTERS_A_SYLLABLE * han);
  const [language, count] = [...counts].reduce((best, one) => (one[1] > best[1] ? one : best));
  return count === 0 ? null : language;
}
