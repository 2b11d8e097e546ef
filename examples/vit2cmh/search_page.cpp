#include "search_page.hpp"

#include "html.hpp"
#include "report_style.hpp"

namespace vit2cmh {
namespace {

constexpr std::string_view style = R"css(
form{display:flex;flex-wrap:wrap;gap:10px;margin-top:24px}
input[type=search]{flex:1 1 280px;min-width:0;font:inherit;font-size:18px;padding:12px 16px;border-radius:12px;
border:1px solid var(--edge);background:var(--card);color:var(--ink)}
button,label.button{font:inherit;font-weight:600;padding:12px 20px;border-radius:12px;border:1px solid var(--edge);
background:var(--card);color:var(--soft);cursor:pointer}
button.go{background:var(--blue);border-color:var(--blue);color:var(--page)}
button:focus-visible,label.button:focus-within,input:focus-visible{outline:2px solid var(--blue);outline-offset:2px}
label.button input{position:absolute;opacity:0;width:1px;height:1px}
.dropping{outline:3px dashed var(--blue);outline-offset:-12px}
#state{min-height:1.5em;margin-top:16px;color:var(--muted)}
#state.wrong{color:var(--wrong);font-weight:600}
#asked img{max-width:160px;max-height:160px;border-radius:12px;margin-top:16px;display:block}
#hits{display:grid;gap:16px;margin-top:20px;grid-template-columns:repeat(auto-fill,minmax(190px,1fr))}
#hits li{padding:12px;display:flex;flex-direction:column;gap:8px}
#hits button{padding:0;border:0;background:var(--wash);border-radius:10px;overflow:hidden;aspect-ratio:1;width:100%}
#hits img{width:100%;height:100%;object-fit:contain;display:block}
#hits p{font-size:14px;overflow-wrap:anywhere}
#hits .near{font-size:13px;color:var(--muted);margin-top:auto}
#hits meter{display:block;width:100%;height:12px;margin-bottom:2px}
main{padding-bottom:64px}
main .hero{padding-left:0;padding-right:0}
form+.note{margin-top:10px}
@media (max-width:640px){
form button,form label.button{flex:1 1 auto;text-align:center;padding:12px}
#hits{gap:10px;grid-template-columns:repeat(2,minmax(0,1fr))}}
)css";

constexpr std::string_view script = R"js(
'use strict';
const get = id => document.getElementById(id);
const state = get('state'), hits = get('hits'), asked = get('asked');
let last = 0;
const most = 10 << 20;

function say(text, wrong) {
  state.textContent = text;
  state.className = wrong ? 'wrong' : '';
}

function element(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function show(answer) {
  hits.replaceChildren(...answer.hits.map(hit => {
    const text = answer.finds === 'images' ? hit.captions[0] || hit.name || '' : hit.caption;
    const picture = element('img', {src: '/image/' + hit.id, alt: text, loading: 'lazy'});
    const open = element('button', {type: 'button', title: 'find the captions of this picture'}, picture);
    open.addEventListener('click', () => ask({id: hit.id, k: 12}, '/image/' + hit.id));
    const near = element('meter', {min: 0, max: answer.bits, value: answer.bits - hit.distance});
    near.setAttribute('aria-label', 'bits that agree');
    return element('li', {className: 'card'}, open, element('p', {textContent: text}),
                   element('div', {className: 'near'}, near, hit.distance + ' of ' + answer.bits + ' bits differ'));
  }));
  const ms = Math.max(1, Math.round(1000 * answer.seconds));
  say(answer.hits.length ? answer.hits.length + ' ' + answer.finds + ' in ' + ms + ' ms' : 'nothing found');
}

async function ask(what, picture, type) {
  const mine = ++last;
  say('searching …');
  asked.replaceChildren(...(picture ? [element('img', {src: picture, alt: 'the picture that is searched for'})] : []));
  try {
    const file = what instanceof Blob;
    const response = await fetch('/search' + (file ? '?k=12' : ''), {
      method: 'POST',
      headers: {'Content-Type': file ? type : 'application/json'},
      body: file ? what : JSON.stringify(what),
    });
    const answer = await response.json();
    if (mine !== last) return;
    if (!response.ok) throw new Error(answer.error);
    show(answer);
    if (what.text) history.replaceState(null, '', '#' + encodeURIComponent(what.text));
  } catch (fault) {
    if (mine === last) say(fault.message, true);
  }
}

// Other kinds of picture than the server reads, and larger ones, are drawn anew here.
async function askPicture(file) {
  try {
    const known = file.type === 'image/jpeg' || file.type === 'image/png';
    let picture = file;
    if (!known || file.size > most) {
      const pixels = await createImageBitmap(file);
      const scale = Math.min(1, 1024 / Math.max(pixels.width, pixels.height));
      const canvas = element('canvas', {width: Math.max(1, Math.round(pixels.width * scale)),
                                        height: Math.max(1, Math.round(pixels.height * scale))});
      canvas.getContext('2d').drawImage(pixels, 0, 0, canvas.width, canvas.height);
      picture = await new Promise(done => canvas.toBlob(done, 'image/jpeg', 0.92));
    }
    get('text').value = '';
    await ask(picture, URL.createObjectURL(picture), picture.type);
  } catch (fault) {
    say('This file is no picture that the browser knows.', true);
  }
}

get('search').addEventListener('submit', event => {
  event.preventDefault();
  const text = get('text').value.trim();
  if (text) ask({text, k: 12});
});
get('file').addEventListener('change', event => {
  if (event.target.files.length) askPicture(event.target.files[0]);
  event.target.value = '';
});
addEventListener('dragover', event => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', () => document.body.classList.remove('dropping'));
addEventListener('drop', event => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  if (event.dataTransfer.files.length) askPicture(event.dataTransfer.files[0]);
});
addEventListener('paste', event => {
  if (event.clipboardData.files.length) askPicture(event.clipboardData.files[0]);
});
function askHash() {
  let text = '';
  try {
    text = decodeURIComponent(location.hash.slice(1));
  } catch (fault) {
    return;
  }
  if (text) {
    get('text').value = text;
    ask({text, k: 12});
  }
}
addEventListener('hashchange', askHash);
askHash();
)js";

}  // namespace

std::string search_page(std::string_view nonce, std::string_view title) {
  std::string page = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>vit2cmh: search</title><link rel="icon" href="data:,"><style nonce=")";
  page.append(nonce).append("\">").append(report_style()).append(style).append(R"(</style></head><body>
<main><div class="hero"><h1>Search by meaning</h1><p class="lede">)");
  page.append(escaped(title)).append(R"(</p></div>
<form id="search" role="search"><input id="text" type="search" maxlength="2000" autocomplete="off" autofocus
placeholder="words that a picture shows" aria-label="words that a picture shows"><button class="go">Find pictures</button>
<label class="button">Find captions of a picture<input id="file" type="file" accept="image/*"></label></form>
<p class="note">A picture may be dropped or pasted anywhere; a picture that was found finds captions when it is clicked.</p>
<p id="state" role="status"></p><div id="asked"></div><ul id="hits"></ul></main>
<script nonce=")");
  page.append(nonce).append("\">").append(script).append("</script></body></html>\n");
  return page;
}

}  // namespace vit2cmh
