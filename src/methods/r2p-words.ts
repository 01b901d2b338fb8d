import { baseLanguage } from "../data/language.ts";
import type { Task } from "../data/task.ts";

/** One level of the template: how it is headed, and what is put into a chain that has left it out. */
export interface Level {
  readonly name: string;
  /** A line that begins so, whatever marks stand before it. */
  readonly heading: RegExp;
  /** Written in the model's own voice; ends in the heading. */
  readonly correction: string;
}

export interface R2pWords {
  /** Of the chains. */
  readonly system: string;
  /** In order: what is asked, who the user is, what follows. */
  readonly levels: readonly Level[];
  /** Of the last question, and the line above the candidates there. */
  readonly final: string;
  readonly candidates: string;
}

const ENGLISH: R2pWords = {
  system:
    "You answer as this particular user would. Reason inside <think> and </think> on three levels in this order, each begun by its name: " +
    "Task: what is asked and what form the answer must have. Profile: what the history shows of this user. Answer: what follows from both for this query. " +
    "Then give only the answer.",
  levels: [
    { name: "task", heading: /^[^\p{L}\n]{0,8}task[*_ ]{0,4}[:：]/imu, correction: "Task:" },
    {
      name: "profile",
      heading: /^[^\p{L}\n]{0,8}profile[*_ ]{0,4}[:：]/imu,
      correction: "Before I decide I must say what the history shows of this user.\nProfile:",
    },
    {
      name: "answer",
      heading: /^[^\p{L}\n]{0,8}answer[*_ ]{0,4}[:：]/imu,
      correction: "Now I decide on this query, from the task and the profile.\nAnswer:",
    },
  ],
  final:
    "You answer as this particular user would. Answers to the query that were given before are listed below it; give the one answer that fits this user best. Give only the answer.",
  candidates: "Answers given before:",
};

const CHINESE: R2pWords = {
  system:
    "请像这位用户本人那样作答。在 <think> 和 </think> 之间按以下三个层次依次推理，每层以其名称开头：" +
    "任务：要求什么、答案应是什么形式。画像：历史记录说明这位用户是怎样的人。答案：由此对这个问题得出什么。然后只给出答案。",
  levels: [
    { name: "task", heading: /^[^\p{L}\n]{0,8}任务[*_ ]{0,4}[:：]/mu, correction: "任务：" },
    {
      name: "profile",
      heading: /^[^\p{L}\n]{0,8}画像[*_ ]{0,4}[:：]/mu,
      correction: "在决定之前，我要说明历史记录反映了怎样的用户。\n画像：",
    },
    {
      name: "answer",
      heading: /^[^\p{L}\n]{0,8}答案[*_ ]{0,4}[:：]/mu,
      correction: "现在根据任务和画像对这个问题作出决定。\n答案：",
    },
  ],
  final: "请像这位用户本人那样作答。问题下面列出了先前给出的答案；给出最符合这位用户的那一个答案。只给出答案。",
  candidates: "先前给出的答案：",
};

/** In Chinese where the task is, else in English. */
export const r2pWords = ({ language }: Pick<Task, "language">): R2pWords =>
  baseLanguage(language) === "zh" ? CHINESE : ENGLISH;

/** Where a chain leaves the template: the first level that is missing, empty or comes after a later one. */
export interface Fault {
  readonly level: number;
  /** The chain up to there. */
  readonly keep: string;
}

/** Levels are looked for in order; null where all of them stand there and say something. */
export function firstFault(chain: string, levels: readonly Level[]): Fault | null {
  let from = 0;
  for (const level of levels.keys()) {
    const rest = chain.slice(from);
    const heads = levels.slice(level).map(({ heading }) => heading.exec(rest));
    const [own, ...later] = heads;
    const next = Math.min(...later.map((head) => head?.index ?? rest.length), rest.length);
    const at = own?.index ?? rest.length;
    const said = at + (own?.[0].length ?? 0);
    if (!own || at > next || rest.slice(said, next).trim() === "")
      return { level, keep: chain.slice(0, from + Math.min(at, next)) };
    from += said;
  }
  return null;
}
