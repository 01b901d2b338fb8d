import type { Cost } from "../eval/types.ts";

/** What several requests of one reply took together. */
export function addCosts(costs: readonly Cost[]): Cost {
  const sum = (of: (cost: Cost) => number): number => costs.reduce((total, cost) => total + of(cost), 0);
  const priced = costs.some(({ dollars }) => dollars !== undefined);
  return {
    promptTokens: sum(({ promptTokens }) => promptTokens),
    sampledTokens: sum(({ sampledTokens }) => sampledTokens),
    responses: sum(({ responses }) => responses),
    ...(priced ? { dollars: sum(({ dollars = 0 }) => dollars) } : {}),
  };
}
