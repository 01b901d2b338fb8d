import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareDates } from "../dates.ts";
import { namedReading, timeColumn } from "./column.ts";

const findings = (texts: readonly string[]) => {
  const column = timeColumn();
  for (const text of texts) column.add(text);
  return column.findings();
};
const read = (text: string): string | null => findings([text]).reading.read(text);

describe("one text", () => {
  it.each([
    ["2016-08-03", "2016-08-03"],
    ["2016/8/3 9:05", "2016-08-03T09:05"],
    ["2016.08.03", "2016-08-03"],
    ["20160803", "2016-08-03"],
    ["20160803093000", "2016-08-03T09:30:00"],
    ["20160803T093000Z", "2016-08-03T09:30:00Z"],
    ["2016-08-03 09:30:00.250+02:00", "2016-08-03T07:30:00.250Z"],
    ["2016-08-03T09:30:00+0530", "2016-08-03T04:00:00Z"],
    ["2016-08-03T09:30:00+01:00[Europe/London]", "2016-08-03T08:30:00Z"],
    ["2016-08-03 09:30 Asia/Tokyo", "2016-08-03T00:30Z"],
    ["2016-08", "2016-08"],
    ["2016", "2016"],
    ["Wed, 03 Aug 2016 09:30:00 -0700", "2016-08-03T16:30:00Z"],
    ["Wed Aug 03 09:30:00 +0000 2016", "2016-08-03T09:30:00Z"],
    ["Wed Aug  3 09:30:00 2016", "2016-08-03T09:30:00"],
    ["Wed Aug 03 2016 09:30:00 GMT-0400 (Eastern Daylight Time)", "2016-08-03T13:30:00Z"],
    ["03/Aug/2016:09:30:00 +0200", "2016-08-03T07:30:00Z"],
    ["2016:08:03 09:30:00", "2016-08-03T09:30:00"],
    ["2016/08/03 9:30:00 PM GMT+2", "2016-08-03T19:30:00Z"],
    ["August 3rd, 2016", "2016-08-03"],
    ["Aug 3, 2016, 12:05 am", "2016-08-03T00:05"],
    ["3 August 2016 at 12 pm", "2016-08-03T12:00"],
    ["Reviewed in Canada on August 3, 2016", "2016-08-03"],
    ["3-Aug-16", "2016-08-03"],
    ["Sept. 2016", "2016-09"],
    ["08 3, 2016", "2016-08-03"],
    ["3. August 2016", "2016-08-03"],
    ["3 août 2016", "2016-08-03"],
    ["3 de agosto de 2016", "2016-08-03"],
    ["3 августа 2016", "2016-08-03"],
    ["2016年8月3日", "2016-08-03"],
    ["2016年8月3日 星期三 下午3:07", "2016-08-03T15:07"],
    ["2016年8月3日15时7分9秒", "2016-08-03T15:07:09"],
    ["2016년 8월 3일 오전 7:05", "2016-08-03T07:05"],
    ["1470216600", "2016-08-03T09:30:00Z"],
    ["1470216600000", "2016-08-03T09:30:00Z"],
    ["1470216600000000", "2016-08-03T09:30:00Z"],
    ["1470216600123456789", "2016-08-03T09:30:00.123Z"],
    ["1.4702166e9", "2016-08-03T09:30:00Z"],
    ["1470216600.0", "2016-08-03T09:30:00Z"],
    ["42585", "2016-08-03"],
    ["42585.5", "2016-08-03T12:00:00"],
  ])("%s", (text, meant) => {
    expect(read(text)).toBe(meant);
  });

  it.each([
    ...["yesterday", "", "3 days ago", "12:30", "17", "3.5", "2016-02-30", "2015-02-29", "2016-13-01", "31/31/2016"],
    ...[
      "2016-08-03 25:00",
      "2016-08-03 09:61",
      "2016-08-03 09:00 XYZ",
      "2016-08-03 09:00 Mars/Olympus",
      "room 2016-08-03b",
    ],
    ...["4.5 stars", "1e400", "99999999999999999999", "2016-08-03 and more"],
  ])("%j is no time", (text) => {
    expect(read(text)).toBeNull();
  });
});

describe("a whole column", () => {
  it("tells day from month, with any sign between them and either length of year", () => {
    const day = { min: 1, max: 28 };
    const date = fc.tuple(fc.integer({ min: 1970, max: 2029 }), fc.integer({ min: 1, max: 12 }), fc.integer(day));
    fc.assert(
      fc.property(
        fc.array(date, { maxLength: 8 }),
        fc.constantFrom("/", "-", "."),
        fc.boolean(),
        fc.boolean(),
        (dates, between, dayFirst, short) => {
          const years = short ? dates.map(([y, m, d]) => [2000 + (y % 30), m, d] as const) : dates;
          const all = [...years, [2025, 6, 30] as const, [2028, 1, 31] as const];
          const write = (n: number) => String(n).padStart(2, "0");
          const texts = all.map(([y, m, d]) =>
            [...(dayFirst ? [d, m] : [m, d]).map(write), short ? write(y % 100) : y].join(between),
          );
          const { reading, doubt, readable } = findings(texts);
          // 25-06-30 may be a year first: then nothing is guessed.
          if (doubt !== null) expect(short).toBe(true);
          if (doubt !== null) return;
          expect(readable).toBe(all.length);
          expect(texts.map(reading.read)).toEqual(all.map(([y, m, d]) => `${y}-${write(m)}-${write(d)}`));
        },
      ),
    );
  });

  it("asks where days and months can't be told apart, or contradict each other", () => {
    expect(findings(["03/04/2018", "05/06/2018"]).doubt).toMatchObject({
      formats: ["d/M/yyyy", "M/d/yyyy"],
      example: "03/04/2018",
    });
    expect(findings(["25/04/2018", "04/25/2018"]).doubt).not.toBeNull();
    expect(findings(["05-06-07"]).doubt?.formats).toEqual(["d-M-yy", "M-d-yy", "yy-M-d"]);
    // One bad row of many is a bad row.
    const many = findings([...Array.from({ length: 40 }, (_, i) => `${13 + (i % 12)}/04/2018`), "04/25/2018"]);
    expect(many).toMatchObject({ doubt: null, readable: 40, unread: ["04/25/2018"], reading: { format: "d/M/yyyy" } });
  });

  it("law: seconds, milliseconds and microseconds of one moment are one time, and keep its order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1e8, max: 4e9 }), { minLength: 2, maxLength: 6 }), (seconds) => {
        for (const factor of [1, 1000, 1e6]) {
          const texts = seconds.map((n) => String(n * factor));
          const { reading, readable } = findings(texts);
          expect(readable).toBe(texts.length);
          const dates = texts.map((text) => reading.read(text) ?? "");
          for (const [i, a] of seconds.entries())
            for (const [j, b] of seconds.entries())
              expect(Math.sign(compareDates(dates[i] ?? "", dates[j] ?? ""))).toBe(Math.sign(a - b));
        }
      }),
    );
  });

  it("law: zones are kept: what is written with another offset is the same instant", () => {
    const offset = fc.integer({ min: -12 * 4, max: 14 * 4 }).map((quarters) => 15 * quarters);
    fc.assert(
      fc.property(fc.integer({ min: 1e8, max: 4e9 }), offset, (seconds, minutes) => {
        const local = new Date((seconds + 60 * minutes) * 1000).toISOString().slice(0, 19);
        const size = Math.abs(minutes);
        const zone = `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
        expect(read(local + zone)).toBe(new Date(seconds * 1000).toISOString().replace(".000", ""));
      }),
    );
  });

  it("a named format is read, and nothing else", () => {
    const { read: us } = namedReading("M/d/yyyy");
    expect(["3/4/2018", "3/4/2018 5:06 pm", "25/4/2018", "2018-03-04"].map(us)).toEqual([
      "2018-03-04",
      "2018-03-04T17:06",
      null,
      null,
    ]);
    expect(namedReading("dd MMM yyyy HH-mm").read("04 Mar 2018 17-06")).toBe("2018-03-04T17:06:00");
    expect(namedReading("seconds").read("1470216600000")).toBeNull();
    expect(namedReading("ddMMyyyy").read("03082016")).toBe("2016-08-03");
  });
});
