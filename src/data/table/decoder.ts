import { TagprError } from "../../core/errors.ts";

/** What Windows-1252 has at 0x80 to 0x9F; a space where it has nothing. */
const SIGNS = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/**
 * A strict decoder: bytes that the encoding hasn't end in a TypeError. Node 20 reads Windows-1252 as Latin-1, whose control
 * characters stand where the quotes, dashes and the euro sign should.
 */
export function makeDecoder(name: string): {
  readonly decode: (bytes?: Uint8Array, options?: { stream: boolean }) => string;
} {
  const decoder = new TextDecoder(name, { fatal: true });
  if (decoder.encoding !== "windows-1252") return decoder;
  return { decode: (bytes, options) => decoder.decode(bytes, options).replace(/[\u0080-\u009f]/g, signOf) };
}

function signOf(control: string): string {
  const sign = SIGNS[control.charCodeAt(0) - 0x80] ?? " ";
  return sign === " " ? control : sign;
}

/** The encoding's own name. Throws where there is none of that name. */
export function encodingName(name: string): string {
  try {
    return new TextDecoder(name).encoding;
  } catch (error) {
    throw new TagprError("usage", `${JSON.stringify(name)} is no encoding`, {
      hint: "Give one such as utf-8, utf-16le, gb18030, big5, shift_jis, euc-kr, windows-1252 or windows-1251.",
      cause: error,
    });
  }
}
