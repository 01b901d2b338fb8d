import { describe, expect, it } from "vitest";
import { loadTask } from "../data/task-file.ts";
import type { Example, QueryId } from "../data/types.ts";
import { chatMessages } from "./chat.ts";

const example = (task: string, input: string): Example => ({
  ...{ task, id: "q" as QueryId, user: null, input, profile: [], gold: null },
});
const item = { id: "p", fields: { title: "小店", content: "好吃" } };

describe("chatMessages", () => {
  it("speaks the task's language: Chinese tasks have a Chinese system prompt and history", () => {
    const [system, user] = chatMessages(
      loadTask("dianping_content"),
      example("dianping_content", "标题：新店"),
      [item],
      {
        reasoning: true,
        tags: ["analyze_input"],
      },
    );
    expect(system?.content).toMatch(/^请像这位用户本人那样作答。.*<think>.*标签：analyze_input$/);
    expect(user?.content).toBe("该用户的历史记录，由旧到新：\n[1] 标题：小店 | 正文：好吃\n\n标题：新店");
    const plain = { reasoning: false, tags: [] };
    const [english] = chatMessages(loadTask("LaMP_4"), example("LaMP_4", "x"), [], plain);
    const own = { plain: "Só a resposta.", reasoned: "r", tagged: "etiquetas: {tags}", history: "Antes:" };
    const asked = { ...loadTask("LaMP_4"), language: "pt", prompts: own };
    const [first, second] = chatMessages(asked, example("LaMP_4", "x"), [item], { reasoning: true, tags: ["a", "b"] });
    expect(first?.content).toBe("etiquetas: a, b");
    expect(second?.content).toMatch(/^Antes:\n\[1\]/);
    expect(english?.content).toBe("You answer as this particular user would. Give only the answer.");
  });
});
