/** What a suite's pages have beyond a report's style. */
export const SUITE_STYLE = `
.says{padding-left:1.2rem;max-width:56rem}.says li{margin:.25rem 0}
table.suite th,table.suite td{padding:.3rem .6rem}
table.suite th:first-child{padding-left:0}
td.text,th.text{text-align:left}
td.long{white-space:normal;min-width:10rem;max-width:24rem;overflow-wrap:anywhere}
tr.group th{text-align:left;color:var(--muted);font-style:italic;font-weight:400;padding-top:.7rem}
tr.groups th{text-align:center;border-bottom:0}tr.groups td{border-bottom:0}
tr.groups th span{display:block;border-bottom:1px solid var(--line);padding-bottom:.15rem}
tr.base th,tr.base td{background:var(--soft)}
.sign{font-size:.7em;margin-left:.15em;vertical-align:.15em}
.sign.tied{color:var(--muted)}
table.suite a{text-decoration:none}table.suite a:hover{text-decoration:underline}table.suite u a{text-decoration:underline}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem 2rem;align-items:start}
details.note ul{margin:.3rem 0;padding-left:1.2rem}
@media print{table.suite{font-size:.7rem}details.note>*{display:block}}
`;
