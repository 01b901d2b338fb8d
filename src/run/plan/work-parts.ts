import { CANDIDATES } from "../../methods/hydra-adapter.ts";
import { prlmRl } from "../stages/prlm.ts";
import { rlWork } from "./work-training.ts";
import { type Given, pass, promptOf, responseOf, type StageWork, sum } from "./work-types.ts";

type Work = (given: Given) => StageWork;

/**
 * What stages that train a text encoder do with the policy. The encoder's own work is left out: it reads a few hundred tokens of
 * texts that the policy reads in thousands. Nothing of the policy's size is saved.
 */
export const PARTS_WORK = {
  pplug: pplugWork,
  "pplug-labels": pplugWork,
  hydra: hydraWork,
  "prlm-reward": contrastWork,
  prlm: prlmWork,
  "prlm-sft": prlmWork,
} satisfies Record<string, Work>;

const kept = { checkpoints: 0, loops: 0, kept: 0, asked: [] };

function pplugWork({ config, tasks, assumed }: Given): StageWork {
  const { epochs, batch, augment, eval_every } = config.pplug;
  const learnt = sum(tasks, (t) => t.chains + t.rl) * (1 + augment) * epochs;
  const steps = Math.ceil(learnt / batch);
  const looks = Math.ceil(steps / eval_every);
  const lengths = [assumed.bare_tokens, assumed.answer_tokens] as const;
  return {
    ...{ stage: "pplug", steps, ...kept },
    passes: [
      pass("gradients of soft tokens", "train", [learnt, 1], lengths, steps),
      pass("dev loss", "forward", [sum(tasks, (t) => t.dev) * looks, 1], lengths, looks),
    ].filter(({ groups }) => groups > 0),
  };
}

/** Users are not counted in a plan: each is taken to have one query. */
function hydraWork(given: Given): StageWork {
  const { config, tasks, assumed } = given;
  const { users, own, epochs, own_epochs, batch } = config.hydra;
  const learnt = Math.min(
    users,
    sum(tasks, (t) => t.chains + t.rl),
  );
  const adapted = sum(tasks, (t) => t.test) * own;
  const steps =
    Math.ceil((learnt * CANDIDATES * epochs) / batch) + Math.ceil((adapted * CANDIDATES * own_epochs) / batch);
  const queries = learnt + adapted;
  const lengths = [promptOf(given), assumed.answer_tokens] as const;
  return {
    ...{ stage: "hydra", steps, ...kept },
    passes: [pass("answers to choose from", "sample", [queries, CANDIDATES], lengths, Math.ceil(queries / 64))],
  };
}

function contrastWork(given: Given): StageWork {
  const { config, tasks, assumed } = given;
  const { rollouts, batch, epochs, pairs, max_tokens } = config.prlm;
  const queries = sum(tasks, (t) => t.prmu);
  const steps = Math.ceil((Math.min(pairs, queries * rollouts) * epochs) / batch);
  const length = responseOf(given, max_tokens);
  const units = Math.ceil(queries / 64);
  return {
    ...{ stage: "prlm-reward", steps, ...kept },
    passes: [
      pass("answers with the profile", "sample", [queries, rollouts], [promptOf(given), length], units),
      pass("answers without it", "sample", [queries, rollouts], [assumed.bare_tokens, length], units),
    ],
  };
}

/** TagPR's guided RL with both stages' passes, without its reward model. */
function prlmWork(given: Given): StageWork {
  const { config } = given;
  const guided = { ...config.guided, ...prlmRl(config) };
  return rlWork({ ...given, config: { ...config, guided, prmu: { ...config.prmu, variant: "none" } } }, "guided");
}
