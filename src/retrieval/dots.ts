/** `dots.wat`, assembled: the test that holds them together says what stands here after a change. */
export const DOTS_WASM =
  "AGFzbQEAAAABCQFgBX9/f39/AAMCAQAFAwEAEAcRAgZtZW1vcnkCAARkb3RzAAAKuwEBuAECAn8CeyAAIANBAnRqIQUDQP0MAAAAAAAAAAAAAAAAAAAAACEH/QwAAAAAAAAAAAAAAAAAAAAAIQggACEGA0AgByAB/QAEACAG/QAEAP3mAf3kASEHIAggAf0ABBAgBv0ABBD95gH95AEhCCABQSBqIQEgBkEgaiEGIAYgBUkNAAsgByAI/eQBIQcgAiAH/R8AIAf9HwGSIAf9HwIgB/0fA5KSOAIAIAJBBGohAiAEQQFrIgQNAAsL";

/** Numbers a step: a row's length is a multiple of it. */
const STEP = 8;
/** Bytes of a number. */
const SIZE = 4;

interface Kernel {
  readonly memory: WebAssembly.Memory;
  /** Addresses in bytes, `width` in numbers. */
  readonly dots: (query: number, rows: number, scores: number, width: number, count: number) => void;
}

let made: Kernel | undefined;

/** Made with the first question. Its memory (1 MiB) holds nothing from one call to the next. */
function kernel(): Kernel {
  const module = (): WebAssembly.Module => new WebAssembly.Module(Buffer.from(DOTS_WASM, "base64"));
  made ??= new WebAssembly.Instance(module()).exports as unknown as Kernel;
  return made;
}

/** The length of a row that holds so many numbers: what is beyond them is 0. */
export const rowOf = (width: number): number => Math.ceil(width / STEP) * STEP;

/**
 * `scores[r]`: the dot product of a query with each of `count` rows ({@link rowOf} their width, side by side), in 32-bit floats,
 * in a third of the time that JavaScript takes. How far they may be off: {@link dotsError}.
 */
export function dots(rows: Float32Array, count: number, query: Float32Array): Float32Array {
  const { memory, dots: run } = kernel();
  const { length } = query;
  const [queryAt, scoresAt] = [0, length];
  // Rows go through the kernel's memory a chunk at a time, and stay in the processor's cache meanwhile.
  const chunk = Math.floor((memory.buffer.byteLength / SIZE - length - STEP) / (length + 1));
  if (chunk < 1 || length % STEP !== 0) throw new RangeError(`rows of ${length} numbers can't be multiplied`);
  const rowsAt = Math.ceil((scoresAt + chunk) / STEP) * STEP;
  const numbers = new Float32Array(memory.buffer);
  numbers.set(query, queryAt);
  const scores = new Float32Array(count);
  for (let from = 0; from < count; from += chunk) {
    const some = Math.min(chunk, count - from);
    numbers.set(rows.subarray(from * length, (from + some) * length), rowsAt);
    run(queryAt * SIZE, rowsAt * SIZE, scoresAt * SIZE, length, some);
    scores.set(numbers.subarray(scoresAt, scoresAt + some), from);
  }
  return scores;
}

/**
 * What {@link dots} may be off by, where `norms` is the product of both vectors' Euclidean norms: n products and sums of 32-bit floats,
 * in whatever order, are off by n · 2⁻²⁴ · Σ|aᵢbᵢ| to first order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), and
 * Σ|aᵢbᵢ| ≤ ‖a‖‖b‖. Twice that, which takes in higher orders and the rounding of 64-bit sums beside it, and what is lost below the
 * smallest float. Where a sum may leave the range of floats it may be anything.
 */
export const dotsError = (length: number, norms: number): number =>
  norms < 2 ** 126 ? length * (norms * 2 ** -23 + 2 ** -149) : Number.POSITIVE_INFINITY;

/** The same of one pair in 64-bit floats, summed in the vectors' order. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
