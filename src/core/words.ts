import { eng, zho } from "stopword";

/** A Han character, or a run of letters, their marks, digits and joiners of any other script. */
const RUN = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{M}\p{N}\u200c\u200d])+/gu;
/** Scripts that part no words by white space: their runs are parted by ICU's dictionaries. */
const UNSPACED =
  /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** The version whose dictionaries part kana, Thai, Lao, Khmer and Burmese into words: what depends on them says it. */
export const ICU_VERSION = process.versions.icu ?? "none";

/**
 * Words of a text in any script, letter case, punctuation and ways of encoding (NFKC) aside. Han counts by character; kana, Thai, Lao, Khmer and
 * Burmese by `Intl.Segmenter`'s words; any other script by runs of letters, marks and digits, as white space and
 * punctuation part them. The task's language changes nothing, so mixed texts count alike everywhere.
 */
export function wordsOf(text: string): string[] {
  const runs = text.normalize("NFKC").toLowerCase().match(RUN) ?? [];
  if (!UNSPACED.test(text)) return runs;
  return runs.flatMap((run) =>
    UNSPACED.test(run) ? [...segmenter.segment(run)].map(({ segment }) => segment) : [run],
  );
}

/** Words that say nothing by themselves, English and Chinese. */
export const STOP_WORDS: ReadonlySet<string> = new Set([...eng, ...zho]);

/** Words by ICU's dictionaries, Chinese ones too, in small letters; what is no word is left out. */
export const segmentsOf = (text: string): string[] =>
  [...segmenter.segment(text.toLowerCase())].flatMap(({ segment, isWordLike }) =>
    isWordLike === true ? [segment] : [],
  );
