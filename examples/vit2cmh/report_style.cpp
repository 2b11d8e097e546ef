#include "report_style.hpp"

namespace vit2cmh {

// Colours: Okabe and Ito's, which people with any kind of colour vision tell apart, darkened or lightened until they
// stand out from the page. Right is bluish green with a tick, wrong is vermilion with a cross.
std::string_view report_style() {
  return R"css(
:root{color-scheme:light dark;
--page:#f6f7f9;--card:#fff;--ink:#14181f;--soft:#3d4653;--muted:#5b6573;--edge:#e1e5eb;--grid:#e9ecf1;--wash:#eef1f5;
--blue:#0067a8;--orange:#c24e00;--green:#00795a;--pink:#a84a7e;--amber:#9a6a00;--sky:#2b86bd;
--right:#00795a;--wrong:#c24e00;--shadow:0 1px 2px rgb(16 24 40/.05),0 1px 6px rgb(16 24 40/.04)}
@media screen and (prefers-color-scheme:dark){:root{
--page:#0e1116;--card:#161b22;--ink:#eef1f5;--soft:#c5ccd6;--muted:#97a1af;--edge:#272e38;--grid:#242b35;--wash:#1e252e;
--blue:#58aee8;--orange:#f28c3c;--green:#2bbd92;--pink:#dd8dbb;--amber:#e3b341;--sky:#8fd0f5;
--right:#2bbd92;--wrong:#f28c3c;--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:64px}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.5;font-size:16px;
font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Noto Sans",Arial,sans-serif;
font-variant-numeric:tabular-nums;-webkit-font-smoothing:antialiased}
main,.hero,footer,nav ul{max-width:1120px;margin:0 auto;padding-left:24px;padding-right:24px}
h1,h2,h3,h4,p,dl,dd,ul,ol,figure{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:clamp(28px,4.6vw,44px);line-height:1.12;letter-spacing:-.025em;font-weight:700;overflow-wrap:anywhere}
h2{font-size:24px;line-height:1.25;letter-spacing:-.015em;font-weight:650}
h3{font-size:16px;line-height:1.35;font-weight:600}
h4{font-size:14px;font-weight:600}
section{padding-top:56px}
section>p{color:var(--muted);max-width:68ch;margin-top:6px}
section>h3{margin-top:32px;font-size:18px}
.card{background:var(--card);border:1px solid var(--edge);border-radius:14px;padding:20px;box-shadow:var(--shadow);
min-width:0}
.grid{display:grid;gap:16px;margin-top:20px;grid-template-columns:repeat(2,minmax(0,1fr))}
.grid>.card:only-child{max-width:720px}
.note{color:var(--muted);font-size:14px}

.hero{padding-top:40px}
.brand{display:flex;align-items:center;gap:10px;font-size:14px;font-weight:600;color:var(--soft);margin-bottom:28px}
.brand svg{width:26px;height:26px;flex:none}
.brand .state{margin-left:auto;font-weight:600;font-size:13px;border-radius:99px;padding:3px 12px;background:var(--wash);
color:var(--soft);white-space:nowrap}
.brand .state.live::before{content:"";display:inline-block;width:8px;height:8px;border-radius:50%;margin-right:7px;
background:var(--orange)}
.lede{font-size:18px;color:var(--muted);margin-top:10px;overflow-wrap:anywhere}
.headline{display:grid;gap:16px;margin-top:28px;grid-template-columns:minmax(0,1fr) minmax(0,1.25fr) minmax(0,1.25fr)}
.rsum .big{font-variant-numeric:proportional-nums;font-size:60px;line-height:1;letter-spacing:-.035em;font-weight:700;margin:14px 0 10px;color:var(--blue)}
.rsum h3,.way h3{display:flex;justify-content:space-between;align-items:baseline;gap:12px}
.rsum h3 span,.way h3 span{color:var(--muted);font-weight:400;font-size:14px}
.way dl{display:grid;grid-template-columns:auto 1fr auto;gap:10px 14px;align-items:center;margin-top:16px}
.way dt{font-size:14px;color:var(--muted)}
.way .bar{height:10px;border-radius:99px;background:var(--wash);overflow:hidden}
.way .bar i{display:block;height:100%;border-radius:99px;background:var(--blue)}
.way .n{font-weight:650;font-size:18px;text-align:right;min-width:3.4ch}
.facts{display:flex;flex-wrap:wrap;gap:12px 36px;margin-top:24px}
.facts dt{font-size:13px;color:var(--muted)}
.facts dd{font-weight:600;font-size:16px}

nav{position:sticky;top:0;z-index:2;margin-top:32px;background:var(--page);border-bottom:1px solid var(--edge)}
nav ul{display:flex;gap:4px;overflow-x:auto;scrollbar-width:none;padding-top:8px;padding-bottom:8px}
nav a{display:block;white-space:nowrap;font-size:14px;font-weight:500;color:var(--soft);text-decoration:none;
padding:6px 12px;border-radius:8px}
nav li:first-child{margin-left:-12px}
nav a:hover{background:var(--wash)}
a:focus-visible{outline:2px solid var(--blue);outline-offset:2px}

.chart figcaption p,.table figcaption p{color:var(--muted);font-size:14px;margin-top:2px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin-top:10px;font-size:13px;color:var(--soft)}
.legend li::before{content:"";display:inline-block;width:18px;height:0;border-top:3px solid var(--c);
margin-right:7px;vertical-align:.28em;border-radius:2px}
.legend li.dashed::before{border-top-style:dashed;border-radius:0}
.s0{--c:var(--blue)}.s1{--c:var(--orange)}.s2{--c:var(--green)}.s3{--c:var(--pink)}.s4{--c:var(--amber)}.s5{--c:var(--sky)}
.chart{display:flex;flex-direction:column}
.chart svg{display:block;width:100%;height:auto;margin-top:auto;padding-top:12px;overflow:visible}
svg text{font-size:11.5px;fill:var(--muted)}
svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg .title{fill:var(--soft)}
svg .grid{stroke:var(--grid);stroke-width:1}
svg .axis,svg .tickmark,svg .base{stroke:var(--muted);stroke-width:1;opacity:.7}
svg .line,svg .faint{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-linecap:round}
svg .line{stroke-width:2}
svg .line.dashed{stroke-dasharray:6 4;stroke-linecap:butt}
svg .faint{stroke-width:1;opacity:.3}
svg .dot{fill:var(--c);stroke:var(--card);stroke-width:1.5}
svg .tip circle{fill:var(--c);stroke:var(--card);stroke-width:1.5}
svg .ring{fill:none;stroke:var(--ink);stroke-width:1.5}
svg .mark{fill:var(--ink);font-weight:600}
svg .area{fill:var(--c);fill-opacity:.16;stroke:none}
svg .mean{stroke:var(--c);stroke-width:1.5;stroke-dasharray:3 3}
svg .meantext{fill:var(--c);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
svg .bars{fill:var(--c)}
svg .cell{shape-rendering:crispEdges}
svg .above{fill:var(--orange)}svg .below{fill:var(--blue)}svg .self{fill:var(--edge)}
svg .border{fill:none;stroke:var(--edge)}
svg .hit{fill:transparent}
svg .tip{visibility:hidden;pointer-events:none}
svg .stop:hover .tip{visibility:visible}
svg .strip{fill:var(--card)}
svg .value{fill:var(--ink);font-weight:600}
svg .guide{stroke:var(--muted);stroke-width:1;opacity:.6}

.scroll{overflow-x:auto;margin:12px -20px -8px;padding:0 20px 8px}
table{border-collapse:collapse;width:100%;font-size:15px}
th,td{text-align:right;padding:9px 0 9px 14px;white-space:nowrap;font-weight:400}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:break-word;min-width:86px}
thead th{font-size:13px;color:var(--muted);border-bottom:1px solid var(--edge);vertical-align:bottom}
tbody tr+tr>*{border-top:1px solid var(--grid)}
tbody tr.ours>*{font-weight:650}
.sums{display:grid;grid-template-columns:minmax(0,auto) minmax(40px,1fr) auto;gap:10px 14px;align-items:center;
margin-top:16px;font-size:15px}
.sums dt{overflow-wrap:anywhere}
.sums .bar{height:14px;border-radius:4px;background:var(--wash);overflow:hidden}
.sums .bar i{display:block;height:100%;background:var(--muted);opacity:.55}
.sums .ours+.bar i{background:var(--blue);opacity:1}
.sums .ours.dashed+.bar i{opacity:.55}
.sums .n{text-align:right}
.sums .ours{font-weight:650}
.wide{grid-column:1/-1;max-width:none!important}

.queries{display:grid;gap:16px;margin-top:20px}
.queries.pair{grid-template-columns:repeat(2,minmax(0,1fr))}
.query header{display:flex;gap:12px;align-items:baseline;justify-content:space-between;margin-bottom:14px}
.query header p{font-weight:600;overflow-wrap:anywhere}
.query .rank{flex:none;font-size:13px;color:var(--muted);white-space:nowrap}
.hits{display:grid;grid-template-columns:repeat(10,minmax(0,1fr));gap:10px}
.hits figure{min-width:0}
.picture{display:block;width:100%;aspect-ratio:1;object-fit:contain;background:var(--wash);border-radius:8px;
border:1px solid var(--edge)}
.none{display:grid;place-items:center;color:var(--muted);font-size:12px;text-align:center}
.hits .picture{border:3px solid var(--wrong)}
.hits .right .picture{border-color:var(--right)}
.hits figcaption,.answers .sign{color:var(--wrong)}
.hits .right figcaption,.answers .right .sign{color:var(--right)}
.hits figcaption{display:flex;align-items:center;justify-content:center;gap:4px;font-size:14px;font-weight:600;
margin-top:4px}
svg.sign{width:15px;height:15px;flex:none;fill:none;stroke:currentColor;stroke-width:2.6;stroke-linecap:round;
stroke-linejoin:round}
.by-picture{display:grid;grid-template-columns:128px minmax(0,1fr);gap:18px;align-items:start}
.by-picture .rank{white-space:normal;margin-top:8px;line-height:1.35}
.answers li{display:grid;grid-template-columns:15px minmax(0,1fr) auto;gap:10px;padding:5px 0;font-size:14px;
line-height:1.4;align-items:start}
.answers li+li{border-top:1px solid var(--grid)}
.answers .sign{margin-top:2px}
.answers span{overflow-wrap:anywhere;color:var(--soft)}
.answers .right span{color:var(--ink);font-weight:550}
.answers b{font-weight:500;color:var(--muted);font-size:13px}
details{margin-top:16px}
summary{cursor:pointer;font-weight:600;font-size:15px;color:var(--soft);padding:6px 0}

.options{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:0 28px}
.options div{display:flex;align-items:baseline;justify-content:space-between;gap:12px;padding:8px 0;border-bottom:1px solid var(--grid);
font-size:14px}
.options dt{color:var(--muted);font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px}
.options dd{text-align:right;overflow-wrap:anywhere;min-width:0}
pre{margin:20px 0 0;padding:14px 16px;background:var(--wash);border-radius:10px;font-size:13px;line-height:1.55;
white-space:pre-wrap;overflow-wrap:anywhere;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
footer{padding-top:56px;padding-bottom:56px;color:var(--muted);font-size:14px}
.symbols{position:absolute;width:0;height:0;overflow:hidden}

@media (max-width:980px){svg text{font-size:14px}}
@media (max-width:860px){
.hits{gap:6px}
.headline{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.rsum{grid-column:1/-1}
.queries.pair{grid-template-columns:minmax(0,1fr)}}
@media (max-width:700px){
.grid{grid-template-columns:minmax(0,1fr)}
.grid>.card:only-child{max-width:none}}
@media (max-width:560px){
body{font-size:15px}
main,.hero,footer,nav ul{padding-left:16px;padding-right:16px}
.hero{padding-top:24px}
.brand{margin-bottom:20px}
.lede{font-size:16px}
section{padding-top:44px}
.card{padding:16px}
.headline{grid-template-columns:minmax(0,1fr);gap:12px}
.facts{display:grid;grid-template-columns:1fr 1fr;gap:14px 16px}
.scroll{margin:12px -16px -8px;padding:0 16px 8px}
th,td{padding-left:9px}
table{font-size:14px}
svg text{font-size:15px}
.hits{grid-template-columns:repeat(5,minmax(0,1fr));gap:6px}
.by-picture{grid-template-columns:minmax(0,1fr);gap:10px}
.by-picture>div{display:flex;align-items:center;gap:14px}
.by-picture>div .picture{width:112px}
.by-picture .rank{margin:0}
.query header{flex-direction:column;gap:2px}
.options{grid-template-columns:minmax(0,1fr)}}
@media print{
@page{margin:14mm}
body{font-size:11pt;background:#fff}
nav{display:none}
main,.hero,footer{max-width:none;padding-left:0;padding-right:0}
section{padding-top:24pt}
.headline{grid-template-columns:repeat(3,minmax(0,1fr))}
.rsum{grid-column:auto}
.grid{grid-template-columns:repeat(2,minmax(0,1fr))}
.card,.query,tr,figure{break-inside:avoid}
h2,h3,section>p{break-after:avoid}
.table{grid-column:1/-1}
.card{box-shadow:none}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";
}

}  // namespace vit2cmh
