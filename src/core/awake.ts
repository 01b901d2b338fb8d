/** Milliseconds from some fixed moment on, for durations: the clock on the wall jumps. */
export const monotonic = (): number => performance.now();

/**
 * Aborts after `ms` of waking time. Counted in beats: while a laptop sleeps or a command is suspended none come, so an answer that
 * arrived meanwhile is read and not asked for again.
 */
export function awakeTimeout(ms: number): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const beat = Math.min(Math.max(ms / 10, 1), 1000);
  let left = ms;
  const timer = setInterval(() => {
    left -= beat;
    if (left <= 0) controller.abort();
  }, beat);
  return { signal: controller.signal, end: () => clearInterval(timer) };
}
