import { TagprError } from "../../core/errors.ts";
import { RATING } from "./rating.ts";
import type { Shape } from "./shape.ts";
import { TAG } from "./tag.ts";
import { TITLE } from "./title.ts";

/** Every task shape of the synthetic world; another LaMP or Dianping shape is one more file and one more entry. */
export const SHAPES: Readonly<Record<Shape["name"], Shape>> = { tag: TAG, rating: RATING, title: TITLE };

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
