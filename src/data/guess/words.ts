/** Words of a header: `RatingTime`, `rating_time`, `Rating time (UTC)` are rating and time. Compared whole: `percentage` is no tag. */
export function headerWords(name: string): string[] {
  return name
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .flatMap((word) => (word === "" ? [] : [word.replace(/(?<=.{3})(?<!\d)\d+$/u, "")]));
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** What columns are called, whole words; the characters of Chinese, Japanese and Korean headers have no spaces between them. */
const SAYS = {
  user: [
    words(
      "user users userid username author authors authorid customer customers sender account agent person owner reviewer reviewerid client patient student member participant respondent annotator worker rater uid email by who",
    ),
    /用户|作者|客户|会员|使用者|ユーザー|사용자|고객/,
  ],
  time: [
    words(
      "date dates time times datetime day year month created updated modified posted published submitted timestamp ts when at epoch unix utc at sent received reviewtime unixreviewtime datum fecha data jahr",
    ),
    /日期|时间|時間|日付|日時|날짜|시간/,
  ],
  id: [words("id ids key uuid guid asin isbn sku code number no index"), /编号|序号|番号|번호/],
  gold: [
    words(
      "label labels tag tags category categories class classes score scores rating ratings rate star stars grade grades sentiment mood verdict recommended recommend recommendation target output gold title titles headline headlines subject reply replies response responses answer answers summary summaries vote voted polarity intent topic genre opinion decision choice outcome feedback liked",
    ),
    /标题|评分|标签|星级|分类|类别|答案|回复|摘要|評価|タイトル|カテゴリ|平点|평점|제목|라벨/,
  ],
  history: [
    words("profile profiles history histories items conversation conversations messages turns reviews posts ratings"),
    /历史|履歴|기록/,
  ],
} as const;

/** Whether a header says that its column is this. */
export function says(what: keyof typeof SAYS, name: string): boolean {
  const [known, pattern] = SAYS[what];
  return pattern.test(name) || headerWords(name).some((word) => known.has(word));
}
