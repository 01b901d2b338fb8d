/**
 * Words of the six shapes beside tag, rating and title. The shipped nano model was not pre-trained on them: these shapes
 * are for real models, and for tests of data, retrieval and metrics.
 */

/** A template of what a user writes: `{a}` and `{b}` are the two things spoken of; `name` stands in reasoning. */
export interface Template {
  readonly name: string;
  readonly pattern: string;
}

/** Methods that papers use: what an author cites by. */
export const METHODS: readonly string[] = [
  "kernels",
  "sampling",
  "boosting",
  "lattices",
  "agents",
  "grammars",
  "rules",
  "wavelets",
];

/** Who a piece of news is about, by desk: entry i belongs to desk i mod 3. */
export const DESKS: readonly string[] = ["politics", "sports", "business"];
export const ACTORS: readonly string[] = [
  "senators",
  "coaches",
  "bankers",
  "mayors",
  "goalkeepers",
  "farmers",
  "ministers",
  "referees",
  "airlines",
  "voters",
  "runners",
  "brewers",
];
export const EVENTS: readonly string[] = [
  "budgets",
  "strikes",
  "storms",
  "mergers",
  "scandals",
  "festivals",
  "droughts",
  "deadlines",
];
/** Apart from actor and event no two templates share a word (ROUGE's ceiling counts on that, here and below). */
export const HEADLINES: readonly Template[] = [
  { name: "why", pattern: "why the {a} fear the {b}" },
  { name: "how", pattern: "here is how {a} survive {b}" },
  { name: "list", pattern: "5 things {a} should know about {b}" },
  { name: "inside", pattern: "{a}: inside a season of {b}" },
  { name: "says", pattern: "{a} say no to {b}" },
  { name: "explained", pattern: "{b} and {a}, explained" },
];

/** Feelings alternate: glad, sore, glad, … */
export const TONES: readonly string[] = ["glad", "sore"];
export const SUBJECTS: readonly string[] = [
  "monday",
  "coffee",
  "rain",
  "gym",
  "homework",
  "train",
  "laundry",
  "pizza",
  "karaoke",
  "snow",
];
export const FEELINGS: readonly string[] = ["happy", "tired", "excited", "bored", "calm", "angry", "proud", "lonely"];
export const TWEETS: readonly Template[] = [
  { name: "ugh", pattern: "ugh {a} got me so {b}" },
  { name: "omg", pattern: "omg {a} = totally {b} rn" },
  { name: "honestly", pattern: "honestly, {a} leaves everyone {b}" },
  { name: "thanks", pattern: "feeling {b} thanks to {a}" },
  { name: "again", pattern: "{a} again?! now i am {b}" },
  { name: "dear", pattern: "dear {a}, why {b}" },
];

/** Dianping: what was eaten; the kinds alternate: a meal, a snack. */
export const MEALS: readonly string[] = ["正餐", "小食"];
export const DISHES: readonly string[] = [
  "火锅",
  "奶茶",
  "烤鸭",
  "蛋糕",
  "拉面",
  "咖啡",
  "牛扒",
  "泡芙",
  "寿司",
  "布丁",
];
export const ASPECTS: readonly string[] = ["味道", "环境", "服务", "价格", "分量", "位置"];

export const POST_TITLES: readonly Template[] = [
  { name: "强推", pattern: "强推{a}{b}真绝！" },
  { name: "提问", pattern: "谁懂{a}{b}啊？" },
  { name: "打卡", pattern: "周末打卡：{a}与{b}" },
  { name: "平实", pattern: "关于{a}和{b}" },
  { name: "避雷", pattern: "避雷…{a}跟{b}慎选" },
  { name: "示爱", pattern: "爱上{a}之{b}～" },
];
export const POST_CONTENTS: readonly Template[] = [
  { name: "姐妹", pattern: "今天去吃{a}，{b}超出预期，姐妹们冲！" },
  { name: "实话", pattern: "老实讲 {a}{b}一般般 不会再来" },
  { name: "食客", pattern: "作为食客点评：{a}可圈；{b}值得肯定。" },
  { name: "哇塞", pattern: "哇塞{a}好香喔～{b}也棒棒哒～" },
  { name: "久候", pattern: "候了许久{a} {b}倒没失望" },
  { name: "综述", pattern: "综述{a}【荐】{b}【优】" },
];
export const POST_STYLES: readonly Template[] = [
  { name: "家人", pattern: "家人们谁懂{a}{b}绝绝子！" },
  { name: "自谦", pattern: "在下觉得{a} {b}尚佳。" },
  { name: "淡然", pattern: "{a}嘛…{b}就那样…" },
  { name: "报告", pattern: "报告：{a}{b}已确认合规" },
  { name: "撒娇", pattern: "呜呜{a}{b}太可了～" },
  { name: "自问", pattern: "问我{a}如何？{b}很行？" },
];

/** Words that mean nothing, for Chinese texts. */
export const ZH_FILLERS = {
  times: ["周五中午", "昨晚", "上个月", "下班后", "假期里", "早上"],
  places: ["在商场", "在街角", "在学校附近", "在地铁口", "在老城区"],
  asides: ["路上看见一只猫", "手机没电", "下雨", "停车很慢", "遇见同学"],
} as const;
