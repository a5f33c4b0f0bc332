// How the page of an assessment looks: on a screen, light or dark, and on paper.
#pragma once

namespace engine::operate {

// The three colours of operations are told apart with any kind of colour blindness, and in grey by their order in a bar.
inline constexpr const char* page_style = R"css(
:root{--ink:#1d2430;--soft:#5b6675;--line:#dfe4ea;--paper:#fff;--card:#f6f8fa;--updates:#3b6fd4;--inserts:#1b9e77;--deletes:#d95f02;--cell:#3b6fd4;--warn:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#313a46;--paper:#12161c;--card:#1b212a;--updates:#7fa6ff;--inserts:#4cc9a0;--deletes:#ff9a4d;--cell:#7fa6ff;--warn:#ff8a80}}
@media print{:root{--ink:#1d2430;--soft:#4a5563;--line:#cfd6de;--paper:#fff;--card:#fff;--updates:#3b6fd4;--inserts:#1b9e77;--deletes:#d95f02;--cell:#3b6fd4;--warn:#b3261e}}
*{box-sizing:border-box;print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1000px;margin:0 auto;padding:32px 20px 60px}
header{border-bottom:3px solid var(--updates);padding-bottom:8px;margin-bottom:24px}
.brand{text-transform:uppercase;letter-spacing:.08em;font-size:12px;color:var(--soft);margin:0}
h1{font-size:30px;margin:2px 0 4px;line-height:1.2}h1 em{font-style:normal;color:var(--updates)}
header p{color:var(--soft);margin:0}
h2{font-size:20px;margin:36px 0 6px}h3{font-size:16px;margin:20px 0 4px}
p{margin:4px 0 10px}section>p{color:var(--soft);max-width:75ch}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:12px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px}
.tile b{display:block;font-size:26px;line-height:1.15;font-variant-numeric:tabular-nums}.tile span{display:block;font-weight:600;font-size:14px;margin:2px 0}.tile small{color:var(--soft);font-size:12.5px;line-height:1.35;display:block}
svg{display:block;width:100%;height:auto;margin:6px 0}
svg text{font:11px system-ui,"Segoe UI",Arial,sans-serif;fill:var(--soft)}svg .name{font-size:12px;fill:var(--ink)}svg .value{font-weight:600;fill:var(--ink)}
.grid{stroke:var(--line);stroke-width:1}.axis,.tick{stroke:var(--soft);stroke-width:1}.cut{stroke:var(--paper);stroke-width:3}
rect.updates{fill:var(--updates)}rect.inserts{fill:var(--inserts)}rect.deletes{fill:var(--deletes)}rect.cell{fill:var(--cell)}rect.empty{fill:var(--card)}rect.rest{fill:var(--line)}
.legend{font-size:13px}.legend i{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 5px 0 14px}.legend i:first-child{margin-left:0}
i.updates{background:var(--updates)}i.inserts{background:var(--inserts)}i.deletes{background:var(--deletes)}
table{border-collapse:collapse;width:100%;font-size:13.5px}th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--soft)}
th,td{padding:5px 10px 5px 0;vertical-align:top}td{border-bottom:1px solid var(--line);overflow-wrap:break-word}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.t{white-space:nowrap}
svg.share{width:150px;height:11px;margin:5px 0}
.badge{border:1px solid var(--soft);border-radius:10px;padding:0 8px;font-size:12px;white-space:nowrap}.badge.strong{border-color:var(--warn);color:var(--warn);font-weight:600}
.quiet{color:var(--soft)}
.table{border-top:1px solid var(--line);margin-top:18px}.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(380px,1fr));gap:24px;align-items:start}
ul{padding-left:18px;font-size:13.5px;color:var(--soft)}code{font:12.5px ui-monospace,Consolas,"DejaVu Sans Mono",monospace}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px 12px;overflow-x:auto;font:12.5px/1.45 ui-monospace,Consolas,"DejaVu Sans Mono",monospace;user-select:all;-webkit-user-select:all}
footer{margin-top:40px;border-top:1px solid var(--line);padding-top:10px;font-size:12.5px;color:var(--soft)}summary{cursor:pointer;padding:3px 0}
@media print{body{font-size:11pt}main{max-width:none;padding:0}.tile,tr,pre,svg,.table h3{break-inside:avoid}h2,h3{break-after:avoid}pre{white-space:pre-wrap}.tiles{grid-template-columns:repeat(5,1fr)}.tile{padding:8px}.tile b{font-size:15pt}@page{margin:14mm}}
)css";

}  // namespace engine::operate
