import { prompted } from "./prompted.ts";

export const tagprNoUserEmbeddings = prompted({
  name: "tagpr-no-user-embeddings",
  label: "TagPR, PRMU w/o user embeddings",
  paper: "PRMU w/o UE",
  source: "paper, section 4.6.1",
  about: "TagPR whose reward model knows no users.",
  trains: "explore-no-user-embeddings",
  profile: true,
  reasoning: true,
});
