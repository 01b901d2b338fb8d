import type { Truth } from "./truth.ts";

/**
 * The sixth signal (ours, weight 0 unless asked for): the share of a chain's statements about the history that are true;
 * 0 where the deciding one is false, or where there is none. So a true listing does not pay for an invented reason.
 */
export const groundingReward = ({ stated, wrong, deciding }: Truth): number =>
  deciding === true ? (stated - wrong) / stated : 0;
