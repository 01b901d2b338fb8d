import { zipStrict } from "../core/zip.ts";
import type { ProfileItem, ShownExample } from "../data/types.ts";
import type { Method } from "../eval/types.ts";
import { askEach, taskOf } from "./ask-each.ts";
import { addCosts } from "./cost.ts";
import { type Summary, summarise } from "./summarise.ts";
import { summaryWords } from "./summary-words.ts";

/** Of the shown items a prompt with a summary holds the newest half, and one at least (ours). */
const fewer = ({ shown }: ShownExample): readonly ProfileItem[] => shown.slice(-Math.ceil(shown.length / 2));

/**
 * PAG (Richardson et al. 2023): a summary of the user, then fewer items, then the query; nothing is trained. The paper names
 * neither its summariser nor its counts. Ours: the base model sums up all `profile.k` items (`summarise`), the prompt
 * shows the newest half of them.
 */
export function pagPrompted(method: Omit<Method, "trains" | "answer" | "profile">): Method {
  return {
    ...method,
    trains: [],
    responses: 2,
    profile: true,
    answer: async (examples, tools) => {
      const summaries = new Map(zipStrict(examples, await summarise(examples, tools)));
      const of = (example: ShownExample): Summary => summaries.get(example) as Summary;
      const replies = await askEach(examples, tools, {
        weights: () => "base",
        items: (example) => (of(example).text === "" ? example.shown : fewer(example)),
        reasoning: method.reasoning,
        around: (example) => aboveOf(of(example), summaryWords(taskOf(tools, example)).above),
      });
      return zipStrict(examples, replies).map(([example, reply]) => {
        const { text, of: items, cost } = of(example);
        return {
          ...reply,
          cost: addCosts([cost, reply.cost]),
          made: { summary: text, summary_of: items },
        };
      });
    },
  };
}

const aboveOf = ({ text }: Summary, line: string) => (text === "" ? {} : { above: `${line} ${text}` });
