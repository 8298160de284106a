/** Colours of drawings and pages, for light schemes and for dark ones. */
export const PALETTE_CSS = `:root{color-scheme:light dark;--paper:#fff;--ink:#1b2330;--muted:#556070;--line:#d5dbe3;--panel:#f5f7fa;--series:#0b6e8a;--band:#cfe5ec;--bar:#4a8fa6;--alarm:#b3261e;--warn:#fff4dc;--mark:#fde6a8}
@media (prefers-color-scheme:dark){:root{--paper:#10161d;--ink:#e4e9f0;--muted:#9fadbd;--line:#313c49;--panel:#18212b;--series:#5fc6de;--band:#1d4350;--bar:#3f8ba1;--alarm:#ff8a80;--warn:#3a2f14;--mark:#5c4a12}}`;

/** The report's style sheet: one palette for light, one for dark, light on paper; nothing is fetched. */
export const REPORT_CSS = `
${PALETTE_CSS}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{margin:0;font-size:2rem;line-height:1.2}h1 small{font-size:1rem;font-weight:400;color:var(--muted);white-space:nowrap}
h2{margin:2.5rem 0 .75rem;font-size:1.3rem}h3{margin:1.5rem 0 .5rem;font-size:1.05rem}
.kicker{margin:0;color:var(--muted);font-size:.85rem;letter-spacing:.06em;text-transform:uppercase}
.lead{max-width:46rem;font-size:1.1rem}
.note,figcaption,caption,figcaption span{color:var(--muted);font-size:.9rem}.note{max-width:46rem}
figcaption strong{display:block;color:var(--ink);font-size:1rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr));gap:.6rem;margin:1rem 0}
.facts div{padding:.6rem .8rem;border-radius:.5rem;background:var(--panel)}
@media (min-width:561px){.facts .long{grid-column:span 2}}
dt{color:var(--muted);font-size:.8rem}dd{margin:0;font-weight:600}
.warnings{padding:.2rem 1.2rem .6rem;border-left:.3rem solid var(--alarm);border-radius:.3rem;background:var(--warn)}.warnings h2{margin-top:.8rem}
figure{margin:0}
.picture{margin-bottom:1.5rem}.picture img{display:block;max-width:100%;margin-top:.4rem;image-rendering:pixelated}
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1.5rem}
.curves figure{display:flex;flex-direction:column;justify-content:space-between;padding:.9rem;border:1px solid var(--line);border-radius:.5rem}
.chart svg{display:block;width:100%;height:auto}.chart .narrow{display:none}
.mark{display:inline-block;width:0;height:1em;border-left:2px dashed var(--alarm);vertical-align:-.15em}
.scroll{overflow-x:auto}.scroll:focus-visible{outline:2px solid var(--series);outline-offset:2px}
table{width:100%;overflow-wrap:break-word;border-collapse:collapse;font-size:.92rem}caption{padding:.5rem 0;text-align:left}caption span{display:inline-block;position:sticky;left:0;max-width:min(60rem,calc(100vw - 2rem))}
th,td{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
thead th{color:var(--muted);font-size:.82rem;font-weight:600;white-space:nowrap}tbody th{max-width:18rem;font-weight:600}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.remark{min-width:11rem}.numbers{min-width:14rem;font-variant-numeric:tabular-nums}
.spark{display:block;margin:.2rem 0}
code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
mark{padding:0 .25em;border-radius:.2em;background:var(--mark);color:inherit}
summary{padding:.5rem 0;cursor:pointer;color:var(--series)}summary:focus-visible{outline:2px solid var(--series)}
.worst{padding-left:1.6rem}.worst>li{margin-bottom:1rem}.worst p{margin:0 0 .3rem}
.values{display:flex;flex-wrap:wrap;gap:.35rem;margin:0;padding:0;list-style:none;font-size:.88rem}
.values li{padding:.1rem .5rem;border:1px solid var(--line);border-radius:.4rem;font-variant-numeric:tabular-nums}.values span{color:var(--muted)}.values .odd{border-color:var(--muted)}
footer{margin-top:3rem;color:var(--muted);font-size:.85rem}
@media (max-width:560px){body{padding:1.25rem .9rem 3rem}h1{font-size:1.6rem}.chart .narrow{display:block}.chart .wide,.chart .half{display:none}}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--muted:#444;--line:#bbb;--panel:#f2f2f2;--series:#0b6e8a;--band:#cfe5ec;--bar:#4a8fa6;--alarm:#b3261e;--warn:#fff;--mark:#eee}body{max-width:none;padding:0;font-size:11pt}figure,tr,.worst>li{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}details::details-content{content-visibility:visible;display:block}}
`;
