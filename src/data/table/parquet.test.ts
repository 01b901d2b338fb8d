import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readRows } from "../rows.ts";
import type { Row } from "./options.ts";

/**
 * Written by pyarrow 20 (`pq.write_table(t, f, compression="none", use_dictionary=False, write_statistics=False,
 * store_schema=False)`), three rows, the last of nulls: float32 3.7 and 0.1; decimal(9, 2) 1.50 and 0.10; timestamps without
 * a zone and in UTC of 2021-03-01 10:30 and 2021-03-02; days; int64 2^60 + 1 and 7.
 */
const TYPES =
  "UEFSMRUAFRwVHCwVBhUAFQYVBhwAAAACAAAAAwPNzGxAzczMPRUAFRwVHCwVBhUAFQYVBhwAAAACAAAAAwMAAACWAAAAChUAFSwVLCwVBhUAFQYVBhwAAAACAAAAAwMA2pYZd7wFAAAAYGqCvAUAFQAVLBUsLBUGFQAVBhUGHAAAAAIAAAADA0BsVu13AQAAAAA88HcBAAAVABUcFRwsFQYVABUGFQYcAAAAAgAAAAMD/0gAAMwqAAAVABUsFSwsFQYVABUGFQYcAAAAAgAAAAMDAQAAAAAAABAHAAAAAAAAABUEGXw1ABgGc2NoZW1hFQwAFQglAhgDZjMyABUOFQgVAhgEY2FzaCUKFQQVEixcFQQVEgAAABUEJQIYBWxvY2FsJRRMjBIcLAAAAAAAFQQlAhgFem9uZWQlEkyMERwcAAAAAAAVAiUCGANkYXklDExsAAAAFQQlAhgDYmlnABYGGRwZbCYAHBUIGSUGABkYA2YzMhUAFgYWQhZCJghJHBUAFQAVAgA8KQYZJgIEAAAAJgAcFQ4ZJQYAGRgEY2FzaBUAFgYWQhZCJkpJHBUAFQAVAgA8KQYZJgIEAAAAJgAcFQQZJQYAGRgFbG9jYWwVABYGFlIWUiaMAUkcFQAVABUCADwpBhkmAgQAAAAmABwVBBklBgAZGAV6b25lZBUAFgYWUhZSJt4BSRwVABUAFQIAPCkGGSYCBAAAACYAHBUCGSUGABkYA2RheRUAFgYWQhZCJrACSRwVABUAFQIAPCkGGSYCBAAAACYAHBUEGSUGABkYA2JpZxUAFgYWUhZSJvICSRwVABUAFQIAPCkGGSYCBAAAABa8AxYGJggWvAMAKCBwYXJxdWV0LWNwcC1hcnJvdyB2ZXJzaW9uIDI2LjAuMRlsHAAAHAAAHAAAHAAAHAAAHAAAANcBAABQQVIx";
/** Of the same writer: two columns called `text`. */
const TWICE =
  "UEFSMRUAFRYVFiwVAhUAFQYVBhwAAAACAAAAAgEBAAAAYRUAFRYVFiwVAhUAFQYVBhwAAAACAAAAAgEBAAAAYhUEGTw1ABgGc2NoZW1hFQQAFQwlAhgEdGV4dCUATBwAAAAVDCUCGAR0ZXh0JQBMHAAAABYCGRwZLCYAHBUMGSUGABkYBHRleHQVABYCFjwWPCYISRwVABUAFQIAPBYCGQYZJgACAAAAJgAcFQwZJQYAGRgEdGV4dBUAFgIWPBY8JkRJHBUAFQAVAgA8FgIZBhkmAAIAAAAWeBYCJggWeAAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYuMC4xGSwcAAAcAAAAywAAAFBBUjE=";

const dir = mkdtempSync(join(tmpdir(), "parquet-"));

async function read(name: string, base64: string): Promise<Row[]> {
  const path = join(dir, name);
  writeFileSync(path, Buffer.from(base64, "base64"));
  const rows: Row[] = [];
  for await (const row of readRows(path)) rows.push(row);
  return rows;
}

it.each(["a.parquet", "a.csv"])("types as a person writes them, in %s", async (name) => {
  expect(await read(name, TYPES)).toEqual([
    {
      ...{ f32: 3.7, cash: 1.5, local: "2021-03-01T10:30:00", zoned: "2021-03-01T10:30:00Z" },
      ...{ day: "2021-03-01", big: "1152921504606846977" },
    },
    {
      ...{ f32: 0.1, cash: 0.1, local: "2021-03-02T00:00:00", zoned: "2021-03-02T00:00:00Z" },
      ...{ day: "1999-12-31", big: 7 },
    },
    expect.objectContaining({}),
  ]);
  const [, , nulls = {}] = await read(name, TYPES);
  expect(Object.values(nulls).every((value) => value === null || value === undefined)).toBe(true);
});

it("two columns of one name are refused", async () => {
  await expect(read("b.parquet", TWICE)).rejects.toThrow(/b\.parquet: two columns are called "text"/);
});
