import { HUES, OTHER, PAGE } from "./palette.ts";

const variables = (theme: "light" | "dark"): string =>
  [
    ...HUES.map((hue, i) => `--h${i}:${hue[theme]}`),
    `--other:${OTHER[theme]}`,
    `--bg:${PAGE[theme]}`,
    ...(theme === "light"
      ? ["--fg:#1c2024", "--muted:#59636b", "--line:#d5dadf", "--soft:#f4f6f8", "--on:#ffffff", "--link:#0b5cad"]
      : ["--fg:#e8eaed", "--muted:#a3adb6", "--line:#353c43", "--soft:#1d2226", "--on:#101214", "--link:#8ec2f5"]),
  ].join(";");

const tagRules = [
  ...HUES.map((_, i) => `.t${i}{--c:var(--h${i})}`),
  ".tother{--c:var(--other)}",
  ".tother .tag{background:transparent;color:var(--c);border:1px dashed var(--c)}",
].join("\n");

/** The page's whole style: no font, picture or script comes from elsewhere. */
export const STYLE = `
:root{color-scheme:light;${variables("light")}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${variables("dark")}}}
:root[data-theme=dark]{color-scheme:dark;${variables("dark")}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC","DejaVu Sans",sans-serif}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1.75rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.35rem;line-height:1.25;margin:3rem 0 .75rem;padding-top:.9rem;border-top:1px solid var(--line)}
h3{font-size:1.05rem;margin:1.75rem 0 .4rem}
p{margin:.5rem 0 .8rem;max-width:46rem}
a{color:var(--link)}
code{font:0.88em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.top{display:flex;gap:1rem;justify-content:space-between;align-items:flex-start}
button{font:inherit;font-size:.85rem;color:var(--fg);background:var(--soft);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem;cursor:pointer;white-space:nowrap}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.muted,figcaption,caption,.note{color:var(--muted);font-size:.9rem}
.none{color:var(--muted);font-style:italic}
.badge{display:inline-block;font-size:.8rem;font-weight:600;border:1px solid currentColor;border-radius:1rem;padding:.05rem .65rem;color:var(--h6);margin:0 .35rem .35rem 0}
.lead{font-size:1.08rem;background:var(--soft);border-left:4px solid var(--h0);padding:.8rem 1rem;border-radius:0 .4rem .4rem 0;max-width:none}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;padding:0;margin:1rem 0 0}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.8rem 0;font-size:.92rem}
dl.facts dt{color:var(--muted)}dl.facts dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:1rem 0;max-width:100%}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums;min-width:min(100%,24rem)}
caption{text-align:left;padding-bottom:.4rem;caption-side:top}
caption span{display:block;position:sticky;left:0;width:max-content;max-width:min(46rem,calc(100vw - 2.5rem))}
.grid caption span{max-width:min(18rem,calc(100vw - 2.5rem))}
th,td{padding:.35rem .8rem .35rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child{text-align:left;padding-right:1.2rem;font-weight:600}
thead th{color:var(--muted);font-weight:600;vertical-align:bottom}
.wordy td{text-align:left}.wordy thead th{text-align:left}
tr.ceiling th,tr.ceiling td{color:var(--muted);font-weight:400;border-bottom-style:dashed}
td{white-space:nowrap}th[scope=row]{min-width:8rem;max-width:13rem}.wordy td{white-space:normal;min-width:7rem}
.sub{font-weight:400;color:var(--muted)}
.better{color:var(--h2);font-weight:600}.worse{color:var(--h3);font-weight:600}
figure{margin:1rem 0;min-width:0}
figure svg{max-width:100%;height:auto;display:block;overflow:visible}
figcaption{margin-top:.3rem;max-width:46rem}
.grid figure{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.grid figcaption{margin:0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,18.5rem),1fr));gap:.5rem 1.75rem;align-items:start}
.narrow{display:none}
.chain{list-style:none;margin:.4rem 0;padding:0}
.step{border-left:4px solid var(--c,var(--line));padding:.15rem 0 .15rem .6rem;margin:.35rem 0;overflow-wrap:anywhere}
.step.plain{color:var(--muted);font-size:.92rem}
.tag{display:inline-block;font:600 .74rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;background:var(--c);color:var(--on);border-radius:.25rem;padding:0 .4rem;border:1px solid transparent;overflow-wrap:anywhere}
.said{white-space:pre-wrap}
mark.false{background:transparent;color:inherit;text-decoration:underline wavy var(--h3);text-underline-offset:.2em}mark.false .why{color:var(--h3);font-size:.85em}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.35rem;padding:0;margin:.6rem 0 1rem}
.case{border:1px solid var(--line);border-radius:.5rem;padding:.2rem 1rem .9rem;margin:1.25rem 0}
.case h3{margin-top:.8rem}
.case .asked{white-space:pre-wrap;overflow-wrap:anywhere;max-width:none}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:1rem}
.answers>div{background:var(--soft);border-radius:.4rem;padding:.6rem .8rem;min-width:0;font-size:.93rem}
.answers h4{margin:0 0 .3rem;font-size:.95rem;display:flex;justify-content:space-between;gap:.5rem;flex-wrap:wrap}
.answers h4 span{font-weight:400;color:var(--muted)}
.answer{margin:.5rem 0 0;font-weight:600;overflow-wrap:anywhere}
.key{font-weight:400;color:var(--muted);font-size:.85rem;margin-right:.3rem}
details{margin:.6rem 0}summary{cursor:pointer}
ol.items{margin:.4rem 0;padding-left:1.8rem;font-size:.9rem;overflow-wrap:anywhere}
pre.raw{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);border-radius:.4rem;padding:.6rem .8rem;font-size:.85rem}
footer{margin-top:3rem;padding-bottom:3rem;color:var(--muted);font-size:.88rem}
.skip{position:absolute;left:-999rem}.skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.3rem .6rem}
${tagRules}
@media (max-width:36rem){
body{font-size:15px}header,main,footer{padding-left:1rem;padding-right:1rem}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.25rem}
.wide{display:none}.narrow{display:block}
.case{padding:.1rem .75rem .75rem}
table{font-size:.84rem;min-width:0}th,td{padding-right:.5rem}th:first-child{padding-right:.5rem}th[scope=row]{white-space:normal;min-width:5.8rem}td{white-space:normal}
caption span{max-width:calc(100vw - 2rem)}
dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:.35rem}
}
@media print{button,nav{display:none}.scroll{overflow:visible}}
`;

/** Theme button, and an address that names a folded part unfolds it: the page reads the same without them. */
export const SCRIPT = `
const root=document.documentElement,theme=document.getElementById("theme");
theme.hidden=false;
const dark=()=>root.dataset.theme?root.dataset.theme==="dark":matchMedia("(prefers-color-scheme: dark)").matches;
const say=()=>{theme.textContent=dark()?"Light theme":"Dark theme"};
theme.addEventListener("click",()=>{root.dataset.theme=dark()?"light":"dark";say()});say();
const unfold=()=>{const part=document.getElementById(decodeURIComponent(location.hash.slice(1)));if(part instanceof HTMLDetailsElement){part.open=true;part.scrollIntoView()}};
addEventListener("hashchange",unfold);unfold();
`;
