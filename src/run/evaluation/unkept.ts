import type { Method } from "../../eval/types.ts";
import type { Labels } from "../../methods/tables.ts";
import { readModel } from "../../model/files.ts";

/** What a stage trained and did not hand on (`choose.guard`), as a method of its own. */
export interface Unkept extends Method {
  /** The method whose row has what was handed on in its place. */
  readonly kept: Method;
}

/** Of the methods those whose stage handed on what it began with: the table shows both. */
export function notHandedOn(run: string, methods: readonly Method[]): Unkept[] {
  return methods.flatMap((method): Unkept[] => {
    const [stage] = method.trains;
    if (stage === undefined || readModel(run, stage).guard?.kept !== "start") return [];
    const label = `${method.label}, as trained (not handed on)`;
    return [{ ...method, name: `${method.name}-trained`, label, kept: method }];
  });
}

/** What the rows of the methods themselves are then called. */
export const labelsOfKept = (unkept: readonly Unkept[]): Labels =>
  Object.fromEntries(unkept.map(({ kept }) => [kept.name, `${kept.label}: kept what it began with`]));
