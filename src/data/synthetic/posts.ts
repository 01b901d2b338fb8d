import type { Random } from "../../core/random.ts";
import { ASPECTS, DISHES, MEALS, POST_CONTENTS, POST_STYLES, POST_TITLES, ZH_FILLERS } from "./lexicon-more.ts";
import { templated } from "./templated.ts";

/** The three shapes of Dianping (paper, Appendix E), in Chinese. */
const common = { language: "zh", first: DISHES, second: ASPECTS, kinds: MEALS, kindBy: 0 } as const;

const neutral = (a: string, b: string, random: Random): string =>
  `${random.pick(ZH_FILLERS.times)}${random.pick(ZH_FILLERS.places)}尝到的${a}，主要说说${b}`;

/** Dianping-Content: a post from its title. */
export const POST_CONTENT = templated({
  ...common,
  name: "post_content",
  task: "synthetic_post_content",
  templates: POST_CONTENTS,
  write: (a, b, random) => `${random.pick(ZH_FILLERS.times)}的${a}${b}`,
  input: (text) => `请根据下面的标题，写出这位用户的点评正文，只输出正文。标题：${text}`,
  textField: "title",
  labelField: "content",
});

/** Dianping-Title: a title from the post. */
export const POST_TITLE = templated({
  ...common,
  name: "post_title",
  task: "synthetic_post_title",
  templates: POST_TITLES,
  write: neutral,
  input: (text) => `请为下面的点评正文拟一个标题，只输出标题。正文：${text}`,
  textField: "content",
  labelField: "title",
});

/** Dianping-Paraph: a neutral post in the user's own style. */
export const POST_PARAPH = templated({
  ...common,
  name: "post_paraph",
  task: "synthetic_post_paraph",
  templates: POST_STYLES,
  write: neutral,
  input: (text) => `请用这位用户的文风改写下面的点评，只输出改写后的文字。原文：${text}`,
  textField: "content",
  labelField: "content",
});
