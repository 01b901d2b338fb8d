/** Words that announce an answer, and those that announce a result of any kind. */
const NOUN =
  "answer|prediction|title|headline|tag|label|category|score|rating|grade|tweet|paraphrase|paraphrased tweet|choice|verdict|reference";
const RESULT = "conclusion|decision|therefore|result";
const HAN = "最终答案|答案|标题|评分|标签|正文|内容";
/** The same in other languages; `:`, a dash or a word for `is` must follow. */
const OTHERS = [
  "정답|답변|답|제목|평점|점수|태그",
  "答え|回答|解答|タイトル|見出し|評価|タグ|標題|評分",
  "الإجابة|الاجابة|الجواب|العنوان|التقييم|الوسم",
  "उत्तर|जवाब|शीर्षक|रेटिंग",
  "คำตอบ|ชื่อเรื่อง|หัวข้อ|คะแนน",
  "απάντηση|τίτλος|βαθμολογία",
  "התשובה|תשובה|כותרת|דירוג",
  "ответ|заголовок|название|оценка|тег|відповідь",
  "respuesta|título|titular|calificación|etiqueta|resposta|risposta|titolo",
  "réponse|titre|antwort|titel|überschrift|bewertung|antwoord",
  "cevap|yanıt|başlık|câu trả lời|đáp án|tiêu đề|jawaban|judul",
].join("|");
const IS = "은|는|は|คือ|是|为|為|es|est|ist|é|è";
const ALONE = "(?<![\\p{L}\\p{M}\\p{N}])";
const SIGN = "\\s{0,4}[:：=→⇒]";
const DASH = "\\s{1,4}[-–—](?=\\s)";
const FINAL = "(?:the\\s{1,4})?(?:my\\s{1,4})?(?:final\\s{1,4})?";

/** At the beginning of an answer: `The final answer is:`, `Title -`. */
export const LEAD_IN = new RegExp(
  `^(?:${FINAL}(?:(?:${NOUN}|${HAN}|${OTHERS})(?:\\s{1,4}is)?\\s{0,4}[:：]|(?:answer|title|headline|${OTHERS})${DASH}))`,
  "iu",
);

/** Anywhere in a text, with a sign or with `is`; at the beginning of a line with a dash, or as the whole line. */
export const LEADS = new RegExp(
  [
    `\\b(?:${NOUN})(?:${SIGN}|\\s{1,4}(?:is|would be|should be)(?:\\s{0,4}[:：]|\\b(?!\\s{1,4}not\\b)))`,
    `\\b(?:${RESULT})${SIGN}`,
    `^[ \\t]{0,4}${FINAL}(?:${NOUN})(?:${DASH}|[ \\t]{0,4}$)`,
    `\\bI(?:['’]d|['’]ll|\\s{1,4}would|\\s{1,4}will)?\\s{1,4}(?:predict|choose|pick|select|go with|rate (?:it|this)|guess)\\b`,
    `(?:${HAN})(?:是|为)?[:：]?`,
    `${ALONE}(?:${OTHERS})(?:\\s{0,2}(?:${IS})(?:${SIGN}|\\s{1,4})|${SIGN}|${DASH})`,
    `(?:答え|回答|คำตอบ)(?:は|คือ)[:：]?`,
  ].join("|"),
  "gimu",
);

/** At the beginning of a later line: what an answer of free text is announced by. */
export const LINE_LEADS = new RegExp(
  `^(?:the )?(?:final )?(?:answer|答案|最终答案|${OTHERS})\\s{0,4}(?:[:：]|$)`,
  "gimu",
);
