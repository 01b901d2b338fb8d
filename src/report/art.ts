import type { Safe } from "./html.ts";
import { type Canvas, figure, openCanvas, type Picture } from "./plots/draw.ts";

/** Where the sections draw; every picture shown is also kept, to be written as a file of its own. */
export interface Art {
  readonly canvas: Canvas;
  readonly pictures: readonly Picture[];
  show(picture: Picture): Safe;
}

export async function openArt(): Promise<Art> {
  const pictures: Picture[] = [];
  return {
    canvas: await openCanvas(),
    pictures,
    show: (picture) => {
      pictures.push(picture);
      return figure(picture);
    },
  };
}
