import type { Config } from "./schema.ts";

/** A teacher of a run, and how much of the chains it writes. */
export type SharedTeacher = Config["teachers"][number];

/** Whoever writes a run's chains: `teachers`, or `teacher` alone. */
export const teachersOf = ({ teacher, teachers }: Pick<Config, "teacher" | "teachers">): readonly SharedTeacher[] =>
  teachers.length > 0 ? teachers : [{ ...teacher, share: 1 }];
