/** Every kind of table and figure, one file each; `docs/suites.md` is made from this table. */

import { TagprError } from "../../core/errors.ts";
import { nearest } from "../../core/yaml-file.ts";
import type { Kind } from "../kind.ts";
import { ablation } from "./ablation.ts";
import { cases } from "./cases.ts";
import { causal } from "./causal.ts";
import { cold } from "./cold.ts";
import { content } from "./content.ts";
import { cost } from "./cost.ts";
import { data } from "./data.ts";
import { efficiency } from "./efficiency.ts";
import { generalisation } from "./generalisation.ts";
import { grounding } from "./grounding.ts";
import { main } from "./main.ts";
import { reward } from "./reward.ts";
import { robustness } from "./robustness.ts";
import { swap } from "./swap.ts";
import { users } from "./users.ts";

/** In the order of the pages. */
export const KINDS: readonly Kind[] = [
  data,
  main,
  ablation,
  reward,
  generalisation,
  robustness,
  efficiency,
  content,
  cases,
  users,
  cold,
  cost,
  swap,
  grounding,
  causal,
];

/** What `show` names, in its order. @throws TagprError `usage` on a name of none */
export function kindsOf(show: readonly string[]): Kind[] {
  if (show.includes("all")) return [...KINDS];
  return [...new Set(show)].map((name) => {
    const kind = KINDS.find((one) => one.name === name);
    if (kind !== undefined) return kind;
    const names = KINDS.map((one) => one.name);
    const near = nearest(name, names);
    throw new TagprError("usage", `show: there is no ${name}${near === undefined ? "" : ` (did you mean ${near}?)`}`, {
      hint: `What a suite shows: ${names.join(", ")}, or all.`,
    });
  });
}
