import type { Task } from "../data/task.ts";
import type { ChatModel, ChatResult, Spent } from "../llm/types.ts";
import { reasonsMessages, teacherMessages } from "./asked.ts";
import type { Asked } from "./types.ts";

/** A query as a teacher gets it. */
export interface Posed {
  readonly task: Task;
  readonly example: Asked;
  /** The answer, where the teacher is asked for the reasons of it (`teacher.rationalize`); it knows none otherwise. */
  readonly gold?: string;
}

/** Who writes chains: a model, or stated rules. */
export interface Teacher {
  /** Shown in reports. */
  readonly name: string;
  /** Up to `n` responses to each query, in order: `<think>` reasoning `</think>` answer. */
  write(posed: readonly Posed[], n: number, onDone: (done: number) => void): Promise<ChatResult[]>;
  /** Null for rules, which cost nothing. */
  spent(): Spent | null;
}

/** A teacher of a run. */
export interface RunTeacher {
  readonly teacher: Teacher;
  /** How much of the chains it writes, in any unit: 1 and 3 are a quarter and three quarters. */
  readonly share: number;
  /** Whether it is shown the answer where no roll-out is right, or of every query in place of roll-outs (`teacher.rationalize`). */
  readonly rationalize: boolean | "always";
}

/** A chat model as teacher, at a temperature. */
export const modelTeacher = (
  model: ChatModel,
  { temperature, maxTokens }: { readonly temperature: number; readonly maxTokens: number },
): Teacher => ({
  name: model.name,
  write: (posed, n, onDone) =>
    model.completeMany(
      posed.map(({ task, example, gold }) => ({
        messages: gold === undefined ? teacherMessages(task, example) : reasonsMessages(task, example, gold),
        ...{ n, temperature, maxTokens },
      })),
      onDone,
    ),
  spent: model.spent,
});
