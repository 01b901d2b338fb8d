import type { Context } from "hono";
import type { z } from "zod";
import { labelOf } from "../../data/grade.ts";
import type { Task } from "../../data/task.ts";
import { goldReward } from "../../rewards/golds.ts";
import { findAnswer } from "../../store/answers.ts";
import { keepFeedback } from "../../store/feedback.ts";
import { findUser, UserGone, type UserScope } from "../../store/user.ts";
import { enter } from "../boundary.ts";
import { type feedbackKept, feedbackRequest } from "../feedback-schema.ts";
import { Refused } from "../refusal.ts";
import type { Service } from "../service.ts";
import { whoAsks } from "../who.ts";
import { readBody } from "./body.ts";
import type { Noted } from "./note.ts";

/** `POST /v1/feedback`: the true answer to a question that was answered, or a grade of what was answered. */
export function feedbackRoute(service: Service) {
  return async (c: Context<Noted>): Promise<Response> => {
    const request = await readBody(c, feedbackRequest);
    const { id, choice, answer, grade = null } = request;
    const who = whoAsks(c.get("caller"), request);
    if (who === null) throw wrong("user", "say to whom it was answered: user, or the header x-tagpr-user");
    const scope = enter(service, c.get("caller"), who.user);
    await checkConsent(scope);
    const kept = await findAnswer(scope, id);
    if (kept === null) throw noAnswer();
    if (choice >= kept.answers.length) throw wrong("choice", `the answer had ${kept.answers.length}, counted from 0`);
    const gold = answer === undefined ? null : goldOf(taskCalled(service, kept.task), answer);
    if (!(await keepFeedback(scope, kept, { choice, gold, grade }))) {
      await checkConsent(scope);
      throw noAnswer();
    }
    return c.json({
      ...{ object: "feedback", id, choice, task: kept.task, answer: gold, grade },
    } satisfies z.output<typeof feedbackKept>);
  };
}

const noAnswer = (): Refused =>
  new Refused({
    ...{ status: 404, param: "id", code: "answer_not_found" },
    message:
      "id: no answer to this user is kept under it. One is kept for 30 days, where tagpr.kept of the answer is true.",
  });

async function checkConsent(scope: UserScope): Promise<void> {
  const user = await findUser(scope);
  if (user === null) throw new UserGone();
  if (user.consent === 1) return;
  throw new Refused({
    ...{ status: 403, code: "no_consent" },
    message:
      'this user has not consented that their questions, answers and feedback are kept. PUT /v1/users/{id} with {"consent": true} says that they have.',
  });
}

function taskCalled({ askers }: Service, name: string): Task {
  const task = [...askers.values()].flatMap(({ model }) => model.tasks).find((one) => one.name === name);
  if (task !== undefined) return task;
  throw wrong("answer", `the question was of task ${name}, which is no longer asked here: only a grade can be taken`);
}

/** The answer as the task's gold answers are written. */
function goldOf(task: Task, answer: string): string {
  if (task.kind !== "generation") {
    const label = labelOf(task, answer);
    if (label !== null) return label;
    throw wrong("answer", `is none of ${task.labels.join(", ")}`);
  }
  const gold = answer.trim();
  if (goldReward(task, gold) < 1 - 1e-9)
    throw wrong("answer", "is empty, or holds markup: nothing could be measured by it");
  return gold;
}

const wrong = (param: string, what: string): Refused =>
  new Refused({ status: 400, message: `${param}: ${what}`, param, code: "invalid_value" });
