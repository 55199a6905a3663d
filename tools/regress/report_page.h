// The styles of pages with plots (`ground`), and the rest of the style and the script of the regression report. The script only hides what
// does not fit the filter: without it everything is there.
#pragma once

namespace nuri::regress::page {

inline constexpr const char* ground = R"css(
:root{color-scheme:light dark;--ground:#f3f4f6;--card:#fff;--raised:#eceff3;--line:#d9dee5;--text:#22272e;--quiet:#5c6673;--good:#23794a;--bad:#c2332e;
--warn:#8f5f00;--curve:#2f6fd0;--other:#c2570c;--out:#c2332e1f;--shadow:0 1px 2px #0000000f}
@media (prefers-color-scheme:dark){:root{--ground:#15171b;--card:#1b1e23;--raised:#262a31;--line:#2f353e;--text:#dfe3e8;--quiet:#97a1af;--good:#5cc088;
--bad:#f2675f;--warn:#e3b341;--curve:#6ea8f7;--other:#f59e5b;--out:#f2675f26;--shadow:none}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4.5rem}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
header,main,.tools>div,footer{max-width:62rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.25rem}
h1{font-size:1.75rem;line-height:1.2;font-weight:650;letter-spacing:-.015em;margin:0 0 .25rem}
header p{margin:0;color:var(--quiet)}
footer{color:var(--quiet);font-size:.87rem;padding-top:1rem;padding-bottom:2.5rem}
.plot{margin:.9rem 0 .2rem}
figcaption{display:flex;flex-wrap:wrap;gap:0 .6rem;font-size:.87rem}
.plot b{font-weight:600}.plot figcaption span{color:var(--quiet)}
.plot em{font-style:normal;color:var(--bad);margin-left:auto}
.frame{position:relative;height:clamp(9rem,22vw,13rem);margin:.4rem 0 0 3.9rem;border-left:1px solid var(--line);border-bottom:1px solid var(--line)}
svg{display:block;width:100%;height:100%;overflow:hidden}
svg path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.grid{stroke:var(--line);stroke-width:1}
.curve{stroke:var(--curve);stroke-width:1.75}
.a{stroke:var(--curve);stroke-width:1.75}.b{stroke:var(--other);stroke-width:1.75;stroke-dasharray:5 4}
.moment{stroke:var(--quiet);stroke-width:1.25;stroke-dasharray:1 3}
.key{display:inline-block;width:1.6em;height:.55em;margin-right:.35em;vertical-align:middle}
.plot .legend{display:flex;gap:.8rem;margin-left:auto}
.bound{stroke:var(--bad);stroke-width:1.25;stroke-dasharray:5 4}
.out{fill:var(--out)}
.bad{stroke:var(--bad);stroke-width:1}
.frame span{position:absolute;font-size:.76rem;line-height:1;white-space:nowrap}
.frame .y{right:calc(100% + .45rem);transform:translateY(-50%);color:var(--quiet)}
.frame .limit{right:.3rem;color:var(--bad);background:var(--card);border-radius:3px;padding:1px 3px}
.frame .above{transform:translateY(-125%)}.frame .below{transform:translateY(25%)}
.frame .when{top:.35rem;margin:0 .4rem;color:var(--text);background:var(--card);border-radius:3px;padding:1px 3px}
.dot{position:absolute;width:11px;height:11px;margin:-5.5px 0 0 -5.5px;border-radius:50%;background:var(--bad);border:2px solid var(--card)}
.axis{position:relative;height:1.3rem;margin-left:3.9rem;font-size:.76rem;color:var(--quiet)}
.axis span{position:absolute;top:.3rem;transform:translateX(-50%);white-space:nowrap}
)css";

inline constexpr const char* style = R"css(
h1.failed{color:var(--bad)}h1.passed{color:var(--good)}
.bar{display:flex;gap:2px;height:8px;margin-top:1rem;border-radius:4px;overflow:hidden}
.bar i{min-width:4px}.bar .passed{background:var(--good)}.bar .failed,.bar .error{background:var(--bad)}.bar .error{opacity:.65}.bar .skipped{background:var(--quiet);opacity:.5}
.tools{position:sticky;top:0;z-index:2;background:var(--ground);padding:.85rem 0;display:none}
.live .tools{display:block}
.tools>div{display:flex;flex-wrap:wrap;gap:.5rem}
input{flex:1 1 14rem;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .8rem}
button{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.5rem .8rem;cursor:pointer}
button b{font-weight:650;margin-left:.3em;color:var(--quiet)}
button[aria-pressed=true]{background:var(--text);border-color:var(--text);color:var(--ground)}
button[aria-pressed=true] b{color:inherit}
:focus-visible{outline:2px solid var(--curve);outline-offset:2px}
.case{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:0 0 .5rem;box-shadow:var(--shadow)}
.case.failed,.case.error{border-left:4px solid var(--bad)}
.case[hidden]{display:none}
summary{cursor:pointer;list-style:none}
summary::-webkit-details-marker{display:none}
.case>summary{display:grid;grid-template-columns:1.5rem minmax(0,1fr) auto;gap:0 .4rem;padding:.6rem .95rem;align-items:baseline}
.mark{font-weight:700}
.passed>.mark,.passed>summary>.mark{color:var(--good)}.failed>.mark,.failed>summary>.mark,.error>summary>.mark{color:var(--bad)}.skipped>summary>.mark{color:var(--quiet)}
.name{font-weight:600;overflow-wrap:anywhere}
.name small{font-size:inherit;font-weight:400;color:var(--quiet)}
.time{color:var(--quiet);white-space:nowrap}
.reason{grid-column:2/-1;color:var(--bad);overflow-wrap:anywhere}
.skipped .reason{color:var(--quiet)}
.body{padding:.15rem .95rem .95rem}
.facts{color:var(--quiet);font-size:.87rem;margin:0 0 .8rem;overflow-wrap:anywhere}
.facts span+span::before{content:"\00b7";padding:0 .45em}
code,pre{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85em}
.check{border-top:1px solid var(--line);padding:.5rem 0;display:grid;grid-template-columns:1.5rem minmax(0,1fr);gap:0 .4rem}
.check>div,.check>details{min-width:0}
.check p{margin:0;overflow-wrap:anywhere}
.check .what{color:var(--quiet)}
.check.failed{padding:.9rem 0}
.brief{font-weight:500}
.brief span{font-weight:400;color:var(--quiet)}
details.brief>summary::after{content:"plots";margin-left:.6em;font-size:.8rem;color:var(--curve)}
dl{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0}
dl div{background:var(--raised);border-radius:8px;padding:.3rem .75rem}
dt{font-size:.78rem;color:var(--quiet)}
dd{margin:0;font-weight:600}
dd.bad{color:var(--bad)}
pre{background:var(--raised);border-radius:8px;padding:.65rem .8rem;margin:.6rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:28rem;overflow:auto}
.notes{border-top:1px solid var(--line);padding-top:.5rem;margin-top:.1rem}.notes>summary{color:var(--quiet);font-size:.87rem}.notes>summary::before{content:"\25B8";display:inline-block;width:1.9rem}.notes[open]>summary::before{content:"\25BE"}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,17rem));gap:.75rem;margin:.8rem 0 0}
.pictures figure{margin:0}
.pictures figcaption{color:var(--quiet)}
.pictures img{display:block;width:100%;height:auto;border-radius:6px;border:1px solid var(--line);image-rendering:pixelated;background:#000}
.nothing{color:var(--quiet);text-align:center;padding:2rem 0}
@media (max-width:34rem){header,main,.tools>div,footer{padding-left:.8rem;padding-right:.8rem}header{padding-top:1.4rem}h1{font-size:1.4rem}.tools{position:static}
.tools input{flex-basis:100%}.tools button{flex:1 1 auto;padding:.4rem .5rem;font-size:.87rem}.plot em{margin-left:0;width:100%}.pictures{grid-template-columns:1fr}}
@media print{.tools{display:none!important}.case{break-inside:avoid}body{background:none}}
)css";

inline constexpr const char* script = R"js(
document.documentElement.classList.add('live');
const cases=[...document.querySelectorAll('.case')],field=document.querySelector('input'),buttons=[...document.querySelectorAll('button')],nothing=document.querySelector('.nothing');
let outcome=new URLSearchParams(location.hash.slice(1)).get('outcome')||'';
field.value=new URLSearchParams(location.hash.slice(1)).get('name')||'';
function show(){
  const words=field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown=0;
  for(const one of cases){
    const fits=(!outcome||one.dataset.outcome===outcome)&&words.every(word=>one.dataset.words.includes(word));
    one.hidden=!fits;shown+=fits;
  }
  for(const button of buttons)button.setAttribute('aria-pressed',String(button.value===outcome));
  nothing.hidden=shown>0;
}
function keep(){
  const wanted=new URLSearchParams();
  if(outcome)wanted.set('outcome',outcome);
  if(field.value)wanted.set('name',field.value);
  try{history.replaceState(null,'','#'+wanted)}catch{}
  show();
}
field.addEventListener('input',keep);
for(const button of buttons)button.addEventListener('click',()=>{outcome=button.value;keep()});
show();
)js";

// SHA-256 of it, which is the only script that the page lets run: a test computes it anew.
inline constexpr const char* script_hash = "XSJSTXMcSeeFL39ICpIa2eraVTwIY6ID6geNdcWsh/Q=";

}  // namespace nuri::regress::page
