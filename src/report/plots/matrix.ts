import type { Safe } from "../html.ts";
import { hueVar } from "../palette.ts";
import { type Canvas, type Picture, room } from "./draw.ts";

export interface MatrixOptions {
  readonly name: string;
  readonly alt: string;
  readonly caption: Safe;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** Between 0 and 1, by row and column: how dark a cell is, and, where it rounds to a percent or more, what stands in it. */
  readonly share: (row: string, column: string) => number;
}

/** Shares as a grid of cells, each with its number; rows are read from left to right. */
export function matrix(canvas: Canvas, { rows, columns, share, ...options }: MatrixOptions): Picture {
  const { plot } = canvas;
  const cells = rows.flatMap((row) => columns.map((column) => ({ row, column, value: share(row, column) })));
  const said = cells.filter(({ value }) => value >= 0.005);
  const side = 44;
  const head = room(columns) * 0.75 + 10;
  const left = room(rows) + 8;
  const wide = canvas.svg({
    width: left + columns.length * side + 60,
    height: head + rows.length * side * 0.72 + 8,
    ...{ marginLeft: left, marginTop: head, marginRight: 60, marginBottom: 4 },
    x: { axis: "top", label: null, domain: [...columns], tickRotate: -40, tickSize: 0, padding: 0.05 },
    y: { label: null, domain: [...rows], tickSize: 0, padding: 0.05 },
    marks: [
      plot.cell(cells, { x: "column", y: "row", fill: hueVar(0), fillOpacity: ({ value }) => 0.06 + 0.5 * value }),
      plot.text(said, { x: "column", y: "row", text: ({ value }) => `${Math.round(100 * value)}` }),
    ],
  });
  return { ...options, wide };
}
