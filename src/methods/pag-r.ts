import { pagPrompted } from "./pag-prompted.ts";

export const pagR = pagPrompted({
  name: "pag-r",
  label: "PAG-R",
  paper: "PAG-R",
  source: "Richardson et al. 2023, arXiv 2310.20081; paper, section 4.1",
  about: "As `pag`, and reasons before it answers.",
  reasoning: true,
});
