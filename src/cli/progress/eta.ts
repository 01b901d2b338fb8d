/** Time left by the mean speed since the first update after the start: a resumed bar begins in the middle. */
export class Eta {
  readonly total: number;
  readonly #now: () => number;
  readonly #started: number;
  #first: { done: number; at: number } | null = null;
  #last = { done: 0, at: 0 };

  constructor(total: number, now: () => number) {
    this.total = total;
    this.#now = now;
    this.#started = now();
  }

  update(done: number): void {
    this.#last = { done, at: this.#now() };
    this.#first ??= this.#last;
  }

  /** Seconds left, or null while there is nothing to tell by. */
  left(): number | null {
    const first = this.#first;
    if (first === null || this.total === 0 || this.#last.done <= first.done) return null;
    const rate = (this.#last.done - first.done) / Math.max(1, this.#last.at - first.at);
    return (this.total - this.#last.done) / rate / 1000;
  }

  /** Seconds since the start. */
  spent(): number {
    return (this.#now() - this.#started) / 1000;
  }
}

/** `8 s`, `3 min 20 s`, `1 h 5 min` */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s % 60 === 0 ? "" : ` ${s % 60} s`}`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
