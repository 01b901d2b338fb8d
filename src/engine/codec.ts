import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { TagprError } from "../core/errors.ts";
import {
  type ArrayRecord,
  type BatchedTensor,
  ChunkSchema,
  DatumSchema,
  DType,
  EncodedTextChunkSchema,
  ForwardBackwardOutputSchema,
  ForwardBackwardRequestSchema,
  type Datum as ProtoDatum,
  type Tensor as ProtoTensor,
  SampleResponseSchema,
  StopReason,
  TensorSchema,
} from "./gen/tinker_pb.ts";
import type { Datum, LossResult, Sequence, Tensor } from "./types.ts";

/** Between plain data and the protobuf half of the protocol; arrays travel as little-endian bytes. */
export interface LossRequest {
  readonly modelId: string;
  readonly seqId: number;
  readonly data: readonly Datum[];
  readonly loss: string;
  readonly config: Readonly<Record<string, number>>;
  readonly forwardOnly: boolean;
}

export function encodeLossRequest(request: LossRequest): Uint8Array {
  return toBinary(
    ForwardBackwardRequestSchema,
    create(ForwardBackwardRequestSchema, {
      modelId: request.modelId,
      seqId: request.seqId,
      data: request.data.map(encodeDatum),
      lossFn: request.loss,
      lossFnConfig: { ...request.config },
      forwardOnly: request.forwardOnly,
    }),
  );
}

function encodeDatum(datum: Datum): ProtoDatum {
  const tokens = bytesOf(Int32Array.from(datum.tokens, (token) => whole(token, "tokens")));
  const chunk = create(ChunkSchema, {
    chunk: { case: "encodedText", value: create(EncodedTextChunkSchema, { tokens }) },
  });
  const lossFnInputs: Record<string, ProtoTensor> = {};
  for (const [name, tensor] of Object.entries(datum.inputs)) lossFnInputs[name] = encodeTensor(name, tensor);
  return create(DatumSchema, { modelInput: [chunk], lossFnInputs });
}

function encodeTensor(name: string, { dtype, data }: Tensor): ProtoTensor {
  const isFloat = dtype === "float32";
  const dense = isFloat
    ? bytesOf(data instanceof Float32Array ? data : Float32Array.from(data))
    : int64Bytes(name, data);
  return create(TensorSchema, {
    encoding: { case: "dense", value: dense },
    dtype: isFloat ? DType.DTYPE_FLOAT32 : DType.DTYPE_INT64,
    shape: [BigInt(data.length)],
  });
}

/** Low and high words side by side: exact to 2^53 and much faster than a BigInt an element. */
function int64Bytes(name: string, data: ArrayLike<number>): Uint8Array {
  const words = new Int32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    const value = whole(data[i] ?? Number.NaN, name);
    words[2 * i] = (value % 2 ** 32) | 0;
    words[2 * i + 1] = Math.floor(value / 2 ** 32);
  }
  return bytesOf(words);
}

/** A fraction or NaN would become some other token without a word. */
function whole(value: number, name: string): number {
  if (!Number.isSafeInteger(value)) throw new TagprError("internal", `${name} holds ${value}, not a whole number`);
  return value;
}

const bytesOf = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/**
 * Size of a datum on the wire at most, whichever token loss it is for: tokens (4 bytes), targets (8) and up to three
 * float inputs (4 each), with a little for names and lengths. It hangs on the number of tokens alone, so that equal
 * sequences are cut into equal requests, and packed alike, for every loss; vectors that come beside them count too.
 */
export const datumBytes = (datum: Datum): number =>
  24 * datum.tokens.length + 192 + 4 * VECTORS.reduce((sum, name) => sum + (datum.inputs[name]?.data.length ?? 0), 0);

/** Inputs that are not a value a token. */
const VECTORS = ["soft_tokens", "items", "gradients"];

export function decodeLossResult(bytes: Uint8Array): LossResult {
  const message = fromBinary(ForwardBackwardOutputSchema, bytes);
  return { outputs: message.lossFnOutputs.flatMap(unbatch), metrics: message.metrics };
}

/** One record holds several datums; a field's byte offsets say where each begins. */
function unbatch(record: ArrayRecord): Record<string, Float32Array>[] {
  const rows: Record<string, Float32Array>[] = Array.from({ length: Number(record.numDatums) }, () => ({}));
  for (const [name, field] of Object.entries(record.fields)) {
    if (field.dtype !== DType.DTYPE_FLOAT32) continue;
    const offsets = int64s(field.offsets);
    for (const [i, row] of rows.entries()) row[name] = floats(slice(name, field, offsets, i));
  }
  return rows;
}

function slice(name: string, field: BatchedTensor, offsets: readonly number[], i: number): Uint8Array {
  const start = offsets[i];
  const end = offsets[i + 1] ?? field.data.length;
  if (start === undefined || end < start || end > field.data.length)
    throw new TagprError("engine", `the engine's answer is broken: offsets of "${name}" don't fit its data`);
  return field.data.subarray(start, end);
}

function int64s(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 8 }, (_, i) => Number(view.getBigInt64(8 * i, true)));
}

/** Bytes inside a message stand at any address, a Float32Array only at multiples of four: hence the copy. */
const floats = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer);
const int32s = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);

export function decodeSamples(bytes: Uint8Array): Sequence[] {
  return fromBinary(SampleResponseSchema, bytes).sequences.map((sequence) => ({
    tokens: Array.from(int32s(sequence.tokens)),
    logprobs: sequence.logprobs === undefined ? [] : Array.from(floats(sequence.logprobs)),
    stopReason: sequence.stopReason === StopReason.STOP ? "stop" : "length",
  }));
}

/**
 * Nats of a prompt's `size` tokens, the first NaN; SkyRL's JAX back-end leaves that one out.
 * @throws TagprError `engine` where the engine scored none, or others
 */
export function decodePromptLogprobs(bytes: Uint8Array, size: number): Float32Array {
  const { promptLogprobs } = fromBinary(SampleResponseSchema, bytes);
  const found = promptLogprobs === undefined ? new Float32Array() : floats(promptLogprobs);
  if (found.length === size) return found;
  if (found.length === size - 1) return Float32Array.of(Number.NaN, ...found);
  throw new TagprError("engine", `the engine gave log-probs of ${found.length} tokens of a prompt of ${size}`, {
    hint: "It does not serve prompt_logprobs as the protocol has it: use the embedded engine for this.",
  });
}
