'use strict';
const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const items = [...document.querySelectorAll('[data-item]')];
const groups = [...document.querySelectorAll('[data-group]')];
const texts = items.map((e) => e.textContent.toLowerCase());

// The search and the filter show the items that have every word.
function filter() {
  const words = $('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  items.forEach((e, i) => {
    const bad = !$('failures').checked || e.hasAttribute('data-bad');
    e.hidden = !(bad && words.every((w) => texts[i].includes(w)));
    shown += e.hidden ? 0 : 1;
  });
  for (const g of groups) {
    g.hidden = !g.querySelector('[data-item]:not([hidden])');
    const link = document.querySelector(`nav a[href="#${g.id}"]`);
    if (link) link.parentElement.hidden = g.hidden;
  }
  $('found').textContent = `${shown} of ${items.length}`;
}

// A picture is unpacked when it is first shown.
async function draw(figure) {
  const packed = figure.dataset.picture;
  delete figure.dataset.picture;
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const image = new Image();
  image.alt = figure.dataset.alt;
  image.src = 'data:image/svg+xml,' + encodeURIComponent(await new Response(stream).text());
  figure.replaceChildren(image);
  await image.decode();
}

const drawOpen = (e) => Promise.all([...e.querySelectorAll('figure[data-picture]')].map(draw));

function show(e) {
  e.open = true;
  e.hidden = false;
  for (let g = e.closest('[data-group]'); g; g = g.parentElement.closest('[data-group]')) g.hidden = false;
  e.scrollIntoView();
  e.querySelector('summary').focus({preventScroll: true});
}

function step(direction) {
  const bad = items.filter((e) => e.hasAttribute('data-bad') && !e.hidden);
  if (!bad.length) return;
  const at = bad.indexOf(document.activeElement.closest('[data-item]'));
  show(bad[at < 0 && direction < 0 ? bad.length - 1 : (at + direction + bad.length) % bad.length]);
}

function openLink() {
  const e = $(decodeURIComponent(location.hash.slice(1)));
  if (e && e.matches('details')) show(e);
}

document.addEventListener('toggle', (ev) => { if (ev.target.open) drawOpen(ev.target); }, true);
$('search').addEventListener('input', filter);
$('failures').addEventListener('change', filter);
$('controls').addEventListener('submit', (ev) => ev.preventDefault());
$('next').addEventListener('click', () => step(1));
$('previous').addEventListener('click', () => step(-1));
$('theme').addEventListener('click', () => { root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark'; });
addEventListener('hashchange', openLink);
document.addEventListener('keydown', (ev) => {
  if (ev.ctrlKey || ev.metaKey || ev.altKey) return;
  if (ev.key === 'Escape') { document.activeElement.blur(); return; }
  if (ev.target.matches('input[type=search]')) return;
  const keys = {
    '/': () => $('search').focus(), f: () => $('failures').click(), t: () => $('theme').click(),
    n: () => step(1), p: () => step(-1),
  };
  if (keys[ev.key]) { ev.preventDefault(); keys[ev.key](); }
});

root.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
filter();
openLink();
Promise.all([...document.querySelectorAll('details[open]')].map(drawOpen)).finally(() => { root.dataset.ready = 'yes'; });
