import type { Lead } from "../shown.ts";

/** How pages are written. */
export interface PageOptions {
  readonly redact: boolean;
  /** The address of the page where a number's answers stand; null where none is written. */
  readonly linkOf: (lead: Lead) => string | null;
}
