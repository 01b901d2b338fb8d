/** Tagged chains: roll out, filter, judge, tag. */

export { type BuiltChains, buildChains } from "./build.ts";
export { modelJudge } from "./judge.ts";
export type { BuildChainsOptions } from "./options.ts";
export { rulesJudge } from "./rules/judge.ts";
export { rulesTagger } from "./rules/tagger.ts";
export { draftsOf, rulesTeacher, trueDrafts } from "./rules/teacher.ts";
export type { CheckSaid, Said } from "./said.ts";
export { selfCodec } from "./self-codec.ts";
export { modelTagger } from "./tagger.ts";
export { modelTeacher, type Teacher } from "./teacher.ts";
export type {
  Asked,
  Candidate,
  Chain,
  ChainStats,
  Cost,
  FreeTags,
  Grades,
  Judge,
  Judged,
  Reviewed,
  Rollout as ChainRollout,
  Sampling,
  Segment,
  Tagger,
  TagSet,
} from "./types.ts";
