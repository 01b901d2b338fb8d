import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A news item in LaMP-4's shape. */
export interface Article {
  readonly title: string;
  readonly text: string;
}

const WORDS_OF_A_HEADLINE = 10;

/** The real author profiles among BM25's golden corpora: 554 items, headline and first sentences in one text. */
export function articles(): Article[] {
  const path = join(import.meta.dirname, "../fixtures/vectors/bm25.json");
  const { cases } = JSON.parse(readFileSync(path, "utf8")) as { cases: { name: string; docs: string[] }[] };
  return cases.filter(({ name }) => name.startsWith("huffpost:")).flatMap(({ docs }) => docs.map(article));
}

/** The golden corpora don't mark where a headline ends: its first ten words are taken for it. */
function article(doc: string): Article {
  const words = doc.split(/\s+/);
  return { title: words.slice(0, WORDS_OF_A_HEADLINE).join(" "), text: words.slice(WORDS_OF_A_HEADLINE).join(" ") };
}
