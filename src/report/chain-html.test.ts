import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_TAGS } from "../core/tags.ts";
import { chainHtml, cutChain } from "./chain-html.ts";
import { escapeHtml, html } from "./html.ts";
import { contrast, HUES, hueIndex, OTHER, PAGE } from "./palette.ts";

describe("cutChain", () => {
  it("cuts steps, stray text and the answer", () => {
    expect(cutChain("<think>\n<a_b>one</a_b> hm <c>two</c></think>\nyes")).toEqual({
      parts: [
        { tag: "a_b", text: "one" },
        { tag: null, text: "hm" },
        { tag: "c", text: "two" },
      ],
      answer: "yes",
    });
  });

  it("without thinking the whole response is the answer; an unclosed chain has none", () => {
    expect(cutChain("comedy")).toEqual({ parts: [], answer: "comedy" });
    expect(cutChain("<think>hm")).toEqual({ parts: [{ tag: null, text: "hm" }], answer: "" });
  });
});

describe("chainHtml", () => {
  it("gives a tag its own colour everywhere, and any other tag the plain one", () => {
    const shown = chainHtml("<think><make_decision>x</make_decision><odd>y</odd></think>z", DEFAULT_TAGS).text;
    expect(shown).toContain('class="step t4"><span class="tag">make_decision</span>');
    expect(shown).toContain('class="step tother"><span class="tag">odd</span>');
    expect(new Set(DEFAULT_TAGS.map((tag) => hueIndex(tag, DEFAULT_TAGS))).size).toBe(9);
  });

  it("drops no letter and lets no markup through, whatever a model says", () => {
    const pieces = fc.constantFrom("<think>", "</think>", "<a>", "</a>", "<script>", "&", '"', "x", " ", "<b");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join("");
        const shown = chainHtml(text, DEFAULT_TAGS).text;
        expect(shown).not.toMatch(/<(script|think|a|b)\b/);
        expect(shown.split("x").length).toBeGreaterThanOrEqual(text.split("x").length);
      }),
    );
  });
});

describe("html", () => {
  it("escapes every value but what is safe already", () => {
    expect(html`<p title="${'"'}">${"<&"}${[1, html`<b>${"'"}</b>`]}${null}${false}</p>`.text).toBe(
      '<p title="&quot;">&lt;&amp;1<b>&#39;</b></p>',
    );
    expect(escapeHtml("a\u0000b😀文")).toBe("a\ufffdb😀文");
  });
});

describe("palette", () => {
  it("each colour can be read in both themes: on the page, and under its own text", () => {
    for (const hue of [...HUES, OTHER]) {
      expect(contrast(hue.light, "#ffffff")).toBeGreaterThanOrEqual(4.5);
      expect(contrast(hue.light, "#f4f6f8")).toBeGreaterThanOrEqual(4.5);
      expect(contrast(hue.dark, "#101214")).toBeGreaterThanOrEqual(4.5);
      expect(contrast(hue.dark, PAGE.dark)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

it("marks what a chain says falsely, why, and nothing else; markup in it stays text", () => {
  const response = "<think><a>[1] comedy\n[2] <b>comedy</a></think>comedy";
  const text = chainHtml(response, ["a"], [{ text: "[2] <b>comedy", fault: "item 2 is dystopia, not comedy" }]).text;
  expect(text).toContain(
    '[1] comedy\n<mark class="false">[2] &lt;b&gt;comedy<span class="why"> (false: item 2 is dystopia, not comedy)</span></mark>',
  );
  expect(chainHtml(response, ["a"]).text).not.toContain("<mark");
});
