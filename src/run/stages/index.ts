import type { Stage } from "../stage.ts";
export const STAGES: readonly Stage[] = [];
