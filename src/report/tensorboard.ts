import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { readJsonl } from "../core/jsonl.ts";

/**
 * TensorBoard's event file: TFRecords of `Event` messages (tensorboard/compat/proto/event.proto), here scalars alone.
 * W&B takes the same file (`wandb sync`).
 */
export interface Scalar {
  /** `guided/train/reward` */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

type Row = Readonly<Record<string, unknown>>;

const LOGS = { "metrics.jsonl": "", "timings.jsonl": "time" } as const;

/** Every number of a stage's metrics and timings, in order; parts of a record are named `tag_counts/make_decision`. */
export function scalarsOf(run: string, stage: string): Scalar[] {
  return Object.entries(LOGS).flatMap(([file, kind]) => {
    const path = join(run, stage, file);
    if (!existsSync(path)) return [];
    return readJsonl<Row>(path).flatMap((row) => {
      const step = typeof row.step === "number" ? row.step : 0;
      return numbersOf(row).map(([name, value]) => ({
        tag: `${stage}/${kind || String(row.kind ?? "train")}/${name}`,
        step,
        value,
      }));
    });
  });
}

function numbersOf(row: Row): [string, number][] {
  return Object.entries(row).flatMap(([name, value]): [string, number][] => {
    if (name === "step") return [];
    if (typeof value === "number") return [[name, value]];
    if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
    return numbersOf(value as Row).map(([inner, x]) => [`${name}/${inner}`, x]);
  });
}

/** When the stage last wrote: a metrics file has no clock in it, so all its events share this one. Seconds. */
export function writtenAt(run: string, stage: string): number {
  const path = join(run, stage, "metrics.jsonl");
  return existsSync(path) ? Math.floor(statSync(path).mtimeMs / 1000) : 0;
}

/** The bytes of an event file, its version record first. `wall` in seconds since 1970. */
export function eventFile(scalars: readonly Scalar[], wall: number): Uint8Array {
  const version = new BinaryWriter().tag(1, WireType.Bit64).double(wall).tag(3, WireType.LengthDelimited);
  return Buffer.concat([
    record(version.string("brain.Event:2").finish()),
    ...scalars.map((scalar) => record(scalarEvent(scalar, wall))),
  ]);
}

/** Event {1 wall_time, 2 step, 5 summary {1 value {1 tag, 2 simple_value}}} */
function scalarEvent({ tag, step, value }: Scalar, wall: number): Uint8Array {
  const event = new BinaryWriter();
  event.tag(1, WireType.Bit64).double(wall);
  event.tag(2, WireType.Varint).int64(step);
  event.tag(5, WireType.LengthDelimited).fork();
  event.tag(1, WireType.LengthDelimited).fork();
  event.tag(1, WireType.LengthDelimited).string(tag);
  event.tag(2, WireType.Bit32).float(value);
  return event.join().join().finish();
}

/** TFRecord: length (uint64), its masked CRC, the bytes, their masked CRC; little-endian. */
function record(data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(data.length + 16);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(masked(crc32c(out.subarray(0, 8))), 8);
  out.set(data, 12);
  out.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return out;
}

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

/** CRC-32C (Castagnoli), which zlib doesn't have. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
