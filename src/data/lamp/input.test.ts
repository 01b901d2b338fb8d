import { describe, expect, it } from "vitest";
import { loadTask } from "../task-file.ts";
import { inputDoubt, inputFault } from "./input.ts";

const task = loadTask("LaMP_2");
const asked = (text: string): string => `${(task.prompt ?? "").split("{")[0]}${text}`;

describe("an input of LaMP-2", () => {
  it("with its mark twice is told, though it has the task's form", () => {
    const twice = asked(" The official description: a film");
    expect(inputFault(task, twice)).toBeNull();
    expect(inputDoubt(task, twice)).toMatch(/^with "description:" twice/);
    expect(inputDoubt(task, asked(" A princess"))).toBeNull();
  });

  it("a mark that any text may hold is no sign", () => {
    expect(inputDoubt(loadTask("LaMP_7"), "Paraphrase the following tweet: see http://a.b: now")).toBeNull();
  });
});
