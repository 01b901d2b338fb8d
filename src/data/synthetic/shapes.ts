import { TagprError } from "../../core/errors.ts";
import { CITATION } from "./citation.ts";
import { HEADLINE } from "./headline.ts";
import { POST_CONTENT, POST_PARAPH, POST_TITLE } from "./posts.ts";
import { RATING } from "./rating.ts";
import type { Shape } from "./shape.ts";
import { TAG } from "./tag.ts";
import { TITLE } from "./title.ts";
import { TWEET } from "./tweet.ts";

/** Every task shape of the synthetic world; LaMP-1, 2, 3, 4, 5, 7 and Dianping's three. */
export const SHAPES: Readonly<Record<Shape["name"], Shape>> = {
  tag: TAG,
  rating: RATING,
  title: TITLE,
  citation: CITATION,
  headline: HEADLINE,
  tweet: TWEET,
  post_content: POST_CONTENT,
  post_title: POST_TITLE,
  post_paraph: POST_PARAPH,
};

/** The shapes whose language the shipped nano model was pre-trained on. */
export const NANO_SHAPES: readonly Shape[] = [TAG, RATING, TITLE];

/** The shape of a task name (`synthetic_tag`) or a shape name (`tag`). */
export function shapeOf(name: string): Shape {
  const found = Object.values(SHAPES).find((shape) => shape.task === name || shape.name === name);
  if (found) return found;
  throw new TagprError("usage", `the synthetic world has no task "${name}"`, {
    hint: `one of: ${Object.values(SHAPES)
      .map((shape) => shape.task)
      .join(", ")}`,
  });
}
