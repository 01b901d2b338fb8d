import { prompted } from "./prompted.ts";

export const rag = prompted({
  name: "rag",
  label: "RAG",
  paper: "RAG",
  source: "paper, section 4.1; Salemi et al. 2024 (LaMP), arXiv 2304.11406",
  about: "The base model sees items of the user's history and answers at once.",
  profile: true,
  reasoning: false,
});
