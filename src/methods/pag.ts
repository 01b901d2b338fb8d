import { pagPrompted } from "./pag-prompted.ts";

export const pag = pagPrompted({
  name: "pag",
  label: "PAG",
  paper: "PAG",
  source: "Richardson et al. 2023, arXiv 2310.20081",
  about:
    "The base model sums up the user's items first; then it sees the summary and the newest half of them, and answers at once.",
  reasoning: false,
});
