import { TagprError } from "../../core/errors.ts";
import type { ChatModel, ChatRequest, ChatResult } from "../../llm/types.ts";
import type { Held } from "./build.ts";

/** How Paraph's neutral text is asked for; the wording is ours, the paper gives none (Appendix E.2, GPT-4o). */
const SYSTEM =
  "你是一名编辑。把用户点评改写成中性、通用的书面语：保留全部事实与评价，去掉个人文风（口头语、表情、网络用语、特殊标点、排版习惯）。只输出改写后的文本。";

type Sampling = Pick<ChatRequest, "temperature" | "maxTokens">;

const requestOf = (content: string, sampling: Sampling): ChatRequest => ({
  messages: [
    { role: "system", content: SYSTEM },
    { role: "user", content },
  ],
  n: 1,
  ...sampling,
});

/**
 * A neutral version of each held-out content, in order. Null where the model refused, said nothing, was cut off, or gave
 * the text back as it was (then there would be nothing to do).
 */
export async function neutralize(
  model: ChatModel,
  held: readonly Held[],
  sampling: Sampling,
  onDone?: (done: number) => void,
): Promise<(string | null)[]> {
  const requests = held.map(({ post }) => requestOf(post.content, sampling));
  const results = await model.completeMany(requests, onDone);
  const texts = results.map(({ texts, truncated, refused }, i) => {
    if (refused !== undefined) return null;
    const text = (texts[0] ?? "").replace(/^<think>[\s\S]*?<\/think>/, "").trim();
    return text === "" || truncated[0] === true || text === held[i]?.post.content.trim() ? null : text;
  });
  const [first] = results;
  if (first && texts.every((text) => text === null))
    throw new TagprError(
      "llm",
      `${model.name} gave no neutral rewriting of any of ${texts.length} posts; the first: ${why(first)}`,
      {
        hint: "Choose another model, or give it more room (--max-tokens).",
      },
    );
  return texts;
}

function why({ refused, failed, truncated, texts }: ChatResult): string {
  const said = refused ?? failed;
  if (said !== undefined) return said;
  if (truncated[0] === true) return "cut off at --max-tokens";
  return (texts[0] ?? "").trim() === "" ? "nothing was said" : "the text as it was";
}
