import { z } from "zod";

const ANSWER = 20_000;

export const feedbackRequest = z
  .strictObject({
    id: z.string().min(1).max(256).describe("Of the chat completion that was answered."),
    choice: z.int().min(0).default(0).describe("Which of its choices."),
    answer: z
      .string()
      .min(1)
      .max(ANSWER)
      .optional()
      .describe("The true answer, as the task's answers are written: a label, a grade, a text."),
    grade: z.number().min(0).max(1).optional().describe("Of what was answered: 1 right, 0 wrong."),
    user: z
      .string()
      .min(1)
      .nullish()
      .describe("To whom it was answered; the header x-tagpr-user is before it. A key of one user says it by itself."),
  })
  .refine(({ answer, grade }) => answer !== undefined || grade !== undefined, {
    error: () => "needs the true answer (answer), a grade, or both",
  })
  .describe("Feedback on an answer. What was said of the same choice before is replaced.");

export const feedbackKept = z
  .strictObject({
    object: z.literal("feedback"),
    id: z.string(),
    choice: z.int(),
    task: z.string(),
    answer: z.string().nullable().describe("As it is kept."),
    grade: z.number().nullable(),
  })
  .describe("Feedback that is kept.");
