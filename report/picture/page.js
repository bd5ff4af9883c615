'use strict';
// The script shows what the data says. States, changes and rules were computed by rollsim; to go to
// an entry, the changes up to it are applied as they are.
(async () => {
const $ = id => document.getElementById(id);

async function unpack(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
}

const d = JSON.parse(await unpack($('data').textContent));
for (const name of ['times', 'x', 'seq', 'at', 'changeN', 'changeAt']) {
  const list = d[name];
  for (let i = 1; i < list.length; i++) list[i] += list[i - 1];
}
const count = d.seq.length;
const W = d.x[d.x.length - 1] || 1;
const CHANGES = 1, REFUSED = 2, MARKED = 4, FAILURE = 8, DIFFERS = 16;
// In a page of two runs, entries are called A1 and B1.
const nameOf = n => (d.runs ? 'AB'[d.runs[n]] : '') + d.seq[n];
function named(text) {
  const m = /^([ABab]?)(\d+)$/.exec(text);
  if (!m) return -1;
  const run = 'AB'.indexOf(m[1].toUpperCase() || 'A');
  return d.seq.findIndex((seq, n) => seq === Number(m[2]) && (!d.runs || d.runs[n] === run));
}
const What = {mentioned: 1, opened: 2, state: 3, wave: 4, terminalAt: 5, supersededAt: 6, timer: 7, joined: 8,
  hostState: 9, dispatched: 10, closure: 11, held: 12, heard: 13, quarantined: 14, faulted: 15, refused: 16, polled: 17, planned: 18};

// --- looks, the same as in static pictures ---
const looks = {
  Pending: ['#ededed', ''], Activating: ['#f3c34a', '#a36a00', 'diagonal'], Deferred: ['#f7ee9a', '#8a7d00', 'lines'],
  Soaking: ['#9fd3f4', '#1f6fa8', 'dots'], Converged: ['#00805c', ''], Failed: ['#a32600', '#ffd9cc', 'cross'],
  Reverted: ['#d9a3c4', '#6b1f55', 'bars'], Superseded: ['#b8b8b8', ''], Pruned: ['#8c8c8c', ''], unknown: ['#ffffff', '#b0b0b0', 'dots'],
};
const same = {Opening: 'Pending', Active: 'Activating', Converging: 'Soaking', Terminal: 'Converged'};
const lookOf = name => looks[same[name] || name] || looks.unknown;
const dark = new Set(['Converged', 'Terminal', 'Failed']);
const canvas = $('canvas'), g = canvas.getContext('2d');
const fills = new Map();
function fill(name) {
  const key = same[name] || name;
  if (fills.has(key)) return fills.get(key);
  const [paper, ink, kind] = lookOf(name);
  let result = paper;
  if (kind) {
    const tile = document.createElement('canvas');
    tile.width = tile.height = 8;
    const c = tile.getContext('2d');
    c.fillStyle = paper; c.fillRect(0, 0, 8, 8);
    c.strokeStyle = c.fillStyle = ink; c.lineWidth = 1; c.beginPath();
    const line = (a, b, x, y) => { c.moveTo(a, b); c.lineTo(x, y); };
    if (kind === 'diagonal') { line(-2, 2, 2, -2); line(0, 8, 8, 0); line(6, 10, 10, 6); }
    if (kind === 'lines') { line(0, 2, 8, 2); line(0, 6, 8, 6); }
    if (kind === 'cross') { line(0, 0, 8, 8); line(8, 0, 0, 8); }
    if (kind === 'bars') { line(2, 0, 2, 8); line(6, 0, 6, 8); }
    if (kind === 'dots') { c.fillRect(1, 1, 2, 2); c.fillRect(5, 5, 2, 2); }
    c.stroke();
    result = g.createPattern(tile, 'repeat');
  }
  fills.set(key, result);
  return result;
}
function swatch(name) {
  const tile = document.createElement('canvas');
  tile.width = 22; tile.height = 11; tile.className = 'swatch';
  const c = tile.getContext('2d');
  c.fillStyle = fill(name); c.fillRect(0, 0, 22, 11);
  return tile;
}

// --- elements without markup in texts ---
function el(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

// --- time ---
function below(list, value) { // the number of elements that are at most value
  let low = 0, high = list.length;
  while (low < high) { const m = (low + high) >> 1; if (list[m] <= value) low = m + 1; else high = m; }
  return low;
}
function place(t) {
  const i = below(d.times, t);
  if (i === 0) return 0;
  if (i === d.times.length) return d.x[i - 1];
  const from = d.times[i - 1], to = d.times[i];
  return d.x[i - 1] + (d.x[i] - d.x[i - 1]) * (t - from) / Math.max(1, to - from);
}
function timeAt(x) {
  const i = below(d.x, x);
  if (i === 0) return d.times[0];
  if (i === d.x.length) return d.times[i - 1];
  const from = d.x[i - 1], to = d.x[i];
  return d.times[i - 1] + (d.times[i] - d.times[i - 1]) * (x - from) / Math.max(1e-9, to - from);
}
const two = n => String(n).padStart(2, '0');
function duration(us) {
  const ms = Math.floor(us / 1000), s = Math.floor(ms / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60), days = Math.floor(h / 24);
  const join = (a, u, b, v) => b ? `${a} ${u} ${b} ${v}` : `${a} ${u}`;
  if (days) return join(days, 'd', h % 24, 'h');
  if (h) return join(h, 'h', m % 60, 'min');
  if (m) return join(m, 'min', s % 60, 's');
  if (s >= 10 || ms === 0) return `${s} s`;
  if (ms >= 100) return `${s}.${Math.floor(ms % 1000 / 100)} s`;
  return `${ms} ms`;
}
function clock(us, date) {
  if (!d.absolute) {
    const s = Math.floor(us / 1e6);
    return `${Math.floor(s / 86400)}d ${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  }
  const iso = new Date(d.start + us / 1000).toISOString();
  return date ? iso.slice(5, 10) + ' ' + iso.slice(11, 19) : iso.slice(11, 19);
}

// --- texts of entries, read when they are needed ---
const blocks = new Map();
async function block(i) {
  if (!blocks.has(i)) {
    if (blocks.size > 40) blocks.delete(blocks.keys().next().value);
    blocks.set(i, unpack(d.blocks[i]).then(text => text.split('\n').map(line => line.split('\x1f'))));
  }
  return blocks.get(i);
}
async function texts(n) {
  if (d.whole) return (await block(Math.floor(n / d.block)))[n % d.block];
  const host = d.host[n] < 0 ? '' : d.hosts[d.host[n]], rollout = d.rollout[n] < 0 ? '' : d.rollouts[d.rollout[n]].short;
  return [`- ${d.kinds[d.kind[n]].padEnd(15)} ${rollout.padEnd(24)} ${host}`, ''];
}

// --- state after the first n entries ---
const checkpoints = [{n: 0, c: 0, rollouts: [], refs: 0}];
function copyState(s) {
  return {n: s.n, c: s.c, rollouts: s.rollouts.map(r => r && {...r, hosts: new Map([...r.hosts].map(([k, h]) => [k, {...h}]))})};
}
function apply(s, i) {
  const r = d.changeRollout[i], h = d.changeHost[i], value = d.changeValue[i], at = d.changeAt[i];
  if (r < 0) return;
  const R = s.rollouts[r] || (s.rollouts[r] = {state: 0, since: at, wave: 0, hosts: new Map()});
  const host = () => { let H = R.hosts.get(h); if (!H) R.hosts.set(h, H = {state: 0, since: at, wave: -1, gate: -1, sent: 0}); return H; };
  switch (d.changeWhat[i]) {
  case What.opened: R.opened = value; break;
  case What.state: R.state = value; R.since = at; break;
  case What.wave: R.wave = value; break;
  case What.timer: R.timer = value; break;
  case What.planned: R.planned = value > 0; R.plannedAt = at; break;
  case What.joined: { const H = host(); H.wave = value; if (!H.state) { H.state = 1; H.since = at; } break; }
  case What.hostState: { const H = host(); H.state = value; H.since = at; H.gate = -1; break; }
  case What.dispatched: { const H = host(); H.sent++; H.sentAt = at; H.due = value; H.gate = -1; break; }
  case What.closure: host().closure = value; break;
  case What.held: { const H = host(), name = gateOf(value); if (H.gate < 0 || gateOf(H.gate) !== name) H.heldAt = at; H.gate = value; break; }
  case What.heard: { const H = host(); H.heard = at; H.heardSeq = value; break; }
  }
}
const gateOf = text => d.strings[text].split(':')[0];
function stateAfter(n) {
  let best = checkpoints[0];
  for (const c of checkpoints) if (c.n <= n && c.n >= best.n) best = c;
  const s = copyState(best);
  while (s.c < d.changeN.length && d.changeN[s.c] < n) {
    apply(s, s.c++);
    if (s.c % 20000 === 0 && s.n < n && checkpoints[checkpoints.length - 1].c < s.c) {
      const keep = copyState(s); keep.n = s.c < d.changeN.length ? d.changeN[s.c] : n;
      if (s.c >= d.changeN.length || d.changeN[s.c] > d.changeN[s.c - 1]) checkpoints.push(keep);
    }
  }
  s.n = n;
  return s;
}

// --- rows of the picture ---
const filter = {channel: '', host: '', text: '', failures: false, changes: false, findings: false, differences: false};
let rows = [], current = count - 1, view = {from: 0, to: W}, scroll = 0;
const LEFT = 190, AXIS = 26;
function layout() {
  rows = [];
  let y = AXIS;
  for (const s of d.sections) {
    if (filter.channel && s.channel !== filter.channel) continue;
    const lines = (s.lines || []).filter(l => !filter.host || d.hosts[l.number] === filter.host);
    if (filter.host && !lines.length) continue;
    rows.push({y, height: 20, title: (s.run ? s.run + ': ' : '') + 'channel ' + s.channel + s.about}); y += 22;
    for (const b of s.bands || []) { rows.push({y, height: 17, band: b}); y += 20; }
    let wave = -1;
    for (const l of lines) {
      if (wave >= 0 && l.wave !== wave) y += 3;
      wave = l.wave;
      rows.push({y, height: 13, line: l}); y += 16;
    }
    y += 8;
  }
  rows.bottom = y;
}
// Positions are computed once: there may be many spans.
const positions = new Map();
function placed(list, step, width) { // the positions of the first width numbers of each step
  let p = positions.get(list);
  if (!p) {
    p = Array.from({length: width}, () => new Float64Array(list.length / step));
    for (let i = 0; i < list.length / step; i++) for (let k = 0; k < width; k++) p[k][i] = place(list[i * step + k]);
    positions.set(list, p);
  }
  return p;
}
const plotWidth = () => canvas.clientWidth - LEFT - 14;
const toX = u => LEFT + (u - view.from) / (view.to - view.from) * plotWidth();
const fromX = x => view.from + (x - LEFT) / plotWidth() * (view.to - view.from);

let css = {};
function readTheme() {
  const s = getComputedStyle(document.documentElement);
  for (const k of ['paper', 'ink', 'faded', 'rule', 'danger', 'accent', 'idle']) css[k] = s.getPropertyValue('--' + k).trim();
}

let pending = false;
function redraw() { if (!pending) { pending = true; requestAnimationFrame(() => { pending = false; draw(); }); } }
function draw() {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
  }
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.fillStyle = css.paper; g.fillRect(0, 0, width, height);
  scroll = Math.max(0, Math.min(scroll, rows.bottom - height));
  g.save();
  g.beginPath(); g.rect(0, AXIS, width, height - AXIS); g.clip();
  g.font = '11px ui-monospace, Menlo, Consolas, monospace';
  grid(height);
  for (const r of rows) {
    const y = r.y - scroll;
    if (y > height || y + r.height < AXIS - 4) continue;
    if (r.title) { g.fillStyle = css.ink; g.font = 'bold 11px ui-monospace, monospace'; g.fillText(r.title, 8, y + 14); g.font = '11px ui-monospace, Menlo, Consolas, monospace'; }
    else if (r.band) drawBand(r.band, y, r.height);
    else drawLine(r.line, y, r.height);
  }
  g.strokeStyle = '#6a3d9a'; g.setLineDash([5, 3]);
  for (const t of d.crashes) { const x = toX(place(t)); if (x >= LEFT) { g.beginPath(); g.moveTo(x, AXIS); g.lineTo(x, height); g.stroke(); } }
  g.setLineDash([]);
  const x = toX(place(d.at[current]));
  if (x >= LEFT - 1) { g.strokeStyle = css.accent; g.lineWidth = 2; g.beginPath(); g.moveTo(x, AXIS); g.lineTo(x, height); g.stroke(); g.lineWidth = 1; }
  g.restore();
  axis(width);
}
let ticks = [];
function findTicks() {
  ticks = [];
  let free = LEFT, day = '';
  const first = below(d.x, view.from) - 1, last = below(d.x, view.to);
  const step = Math.max(1, Math.floor((last - first) / 4000));
  for (let i = Math.max(0, first); i < Math.min(last, d.x.length); i += step) {
    const x = toX(d.x[i]);
    if (x < free || x > canvas.clientWidth - 60) continue;
    let label = d.absolute ? clock(d.times[i]) : duration(d.times[i]);
    if (d.absolute) { const date = clock(d.times[i], true).slice(0, 5); if (date !== day) { label = date + ' ' + label; day = date; } }
    if (ticks.length && ticks[ticks.length - 1].label === label) continue;
    ticks.push({x, label}); free = x + label.length * 6.5 + 18;
  }
}
function grid(height) {
  findTicks();
  g.strokeStyle = css.rule; g.beginPath();
  for (const t of ticks) { g.moveTo(Math.round(t.x) + .5, AXIS); g.lineTo(Math.round(t.x) + .5, height); }
  g.stroke();
}
function axis(width) {
  g.fillStyle = css.paper; g.fillRect(0, 0, width, AXIS);
  g.fillStyle = css.faded; g.font = '11px ui-monospace, Menlo, Consolas, monospace';
  for (const t of ticks) g.fillText(t.label, t.x, 16);
  g.fillStyle = css.danger; // findings and violations
  for (const m of d.marks) {
    const x = toX(place(d.at[Math.min(m.n, count - 1)]));
    if (x >= LEFT) { g.beginPath(); g.moveTo(x - 4, AXIS - 8); g.lineTo(x + 4, AXIS - 8); g.lineTo(x, AXIS - 1); g.fill(); }
  }
  g.strokeStyle = css.rule; g.beginPath(); g.moveTo(0, AXIS - .5); g.lineTo(width, AXIS - .5); g.stroke();
}
function label(text, x, to, y, name) {
  const room = Math.floor((Math.min(to, canvas.clientWidth) - Math.max(x, LEFT) - 8) / 6.1);
  if (room < 5) return;
  if (text.length > room) text = text.slice(0, room - 1) + '…';
  const at = Math.max(x, LEFT) + 4;
  const look = lookOf(name);
  g.font = '10px ui-monospace, Menlo, Consolas, monospace';
  if (look[2]) { g.fillStyle = look[0]; g.fillRect(at - 2, y - 8, text.length * 6 + 4, 10); }
  g.fillStyle = dark.has(name) ? '#fff' : '#1a1a1a';
  g.fillText(text, at, y);
  g.font = '11px ui-monospace, Menlo, Consolas, monospace';
}
function spans(list, y, height, names, thin) {
  if (!list) return;
  const [froms, tos] = placed(list, 4, 2), right = canvas.clientWidth;
  let done = -1;
  for (let k = below(tos, view.from - 1e-9); k < froms.length; k++) {
    let x = toX(froms[k]), to = toX(tos[k]);
    if (x > right) break;
    x = Math.max(x, LEFT); to = Math.max(to, x + 1);
    if (to <= done) continue; // narrower than a pixel that is drawn
    done = Math.floor(to);
    const i = 4 * k;
    const name = names[list[i + 2]];
    if (name === 'Pruned') continue;
    g.fillStyle = fill(name);
    if (thin || name === 'Superseded') g.fillRect(x, y + (thin ? height - 1 : height / 2 - 2), to - x, 4);
    else {
      g.fillRect(x, y, to - x, height);
      if (to - x > 34) label(list[i + 3] >= 0 ? d.strings[list[i + 3]] : name, x, to, y + height - 4, name);
    }
  }
}
function leftLabel(text, y, bold) {
  g.fillStyle = css.paper; g.fillRect(0, y - 2, LEFT - 2, 18);
  g.fillStyle = css.ink; if (bold) g.font = 'bold 11px ui-monospace, monospace';
  g.fillText(text.length > 25 ? text.slice(0, 24) + '…' : text, bold ? 8 : 18, y + 11);
  g.font = '11px ui-monospace, Menlo, Consolas, monospace';
}
function underline(list, y) { // when the two runs differ
  if (!list) return;
  const [froms, tos] = placed(list, 2, 2);
  g.fillStyle = css.danger;
  for (let k = below(tos, view.from - 1e-9); k < froms.length && froms[k] <= view.to; k++) {
    const x = Math.max(LEFT, toX(froms[k]));
    g.fillRect(x, y, Math.max(1, toX(tos[k]) - x), 2);
  }
}
function drawBand(b, y, height) {
  spans(b.spans, y, height, d.states);
  underline(b.differs, y + height + 1);
  marks(b.marks, y + height / 2);
  leftLabel(b.label, y, b.open);
}
function drawLine(l, y, height) {
  spans(l.spans, y, height, d.hostStates);
  if (l.rest) spans(l.rest, y, height, d.hostStates, true);
  underline(l.differs, y + height);
  marks(l.marks, y + height / 2);
  leftLabel(l.label, y);
  if (l.wave >= 0) { g.fillStyle = css.faded; g.fillText('w' + l.wave, LEFT - 24, y + 11); }
}
function marks(list, y) {
  if (!list) return;
  const last = {}, [at] = placed(list, 3, 1);
  for (let k = below(at, view.from - 1e-9); k < at.length; k++) {
    const i = 3 * k, shape = list[i + 1], x = toX(at[k]);
    if (x > canvas.clientWidth) break;
    if (x < LEFT - 4 || x > canvas.clientWidth || x < (last[shape] ?? -99) + 6 && shape !== 7) continue;
    last[shape] = x;
    g.beginPath();
    if (shape === 1 || shape === 2) {
      const s = shape === 1 ? 4 : 2, dy = shape === 1 ? 0 : 5;
      g.moveTo(x, y - s + dy); g.lineTo(x + 1.6 * s, y + dy); g.lineTo(x, y + s + dy); g.closePath(); g.fillStyle = '#111'; g.fill();
    } else if (shape === 3) {
      g.moveTo(x - 4, y - 4); g.lineTo(x + 4, y + 4); g.moveTo(x + 4, y - 4); g.lineTo(x - 4, y + 4);
      g.strokeStyle = '#a32600'; g.lineWidth = 2.4; g.stroke(); g.lineWidth = 1;
    } else if (shape === 4 || shape === 5) {
      g.moveTo(x, y - 4); g.lineTo(x + 4, y); g.lineTo(x, y + 4); g.lineTo(x - 4, y); g.closePath(); g.fillStyle = '#6a3d9a'; g.fill();
    } else if (shape === 6) { g.rect(x - 3, y - 3, 6, 6); g.fillStyle = '#fff'; g.fill(); g.strokeStyle = '#a32600'; g.stroke(); }
    else { g.arc(x, y, 6, 0, 7); g.fillStyle = '#a32600'; g.fill(); g.strokeStyle = '#fff'; g.stroke(); g.fillStyle = '#fff'; g.font = 'bold 9px sans-serif'; g.fillText('!', x - 1.5, y + 3); g.font = '11px ui-monospace, Menlo, Consolas, monospace'; }
  }
}

// --- the list of entries ---
let shown = [];
async function search() {
  const words = filter.text.toLowerCase();
  const base = [];
  for (let n = 0; n < count; n++) {
    const f = d.flags[n], r = d.rollout[n];
    if (filter.failures && !(f & FAILURE) || filter.findings && !(f & MARKED) || filter.changes && !(f & CHANGES) || filter.differences && !(f & DIFFERS)) continue;
    if (filter.host && d.hosts[d.host[n]] !== filter.host) continue;
    if (filter.channel && (r < 0 || d.rollouts[r].channel !== filter.channel)) continue;
    base.push(n);
  }
  shown = base;
  $('count').textContent = d.marks.length ? `(${d.marks.length})` : '';
}
const withoutTime = line => line.replace(/^(\d+d )?\S+ +/, '');
const position = n => { const i = below(shown, n); return i; };
const ROW = 20;
let drawing = 0;
async function drawList() {
  const list = $('list'), first = Math.max(0, Math.floor(list.scrollTop / ROW) - 4), many = Math.ceil(list.clientHeight / ROW) + 8;
  $('space').style.height = shown.length * ROW + 'px';
  const mine = ++drawing, numbers = shown.slice(first, first + many);
  const lines = await Promise.all(numbers.map(texts));
  if (mine !== drawing) return;
  const box = $('rows');
  box.style.top = first * ROW + 'px';
  box.replaceChildren(...numbers.map((n, i) => {
    const e = el('div', `${nameOf(n).padStart(7)}  ${clock(d.at[n], true)}  ${withoutTime(lines[i][0])}`, (d.flags[n] & (FAILURE | MARKED | REFUSED) ? 'bad' : '') + (d.flags[n] & DIFFERS ? ' differs' : ''));
    e.setAttribute('role', 'option'); e.setAttribute('aria-selected', n === current); e.id = 'entry-' + nameOf(n);
    e.addEventListener('click', () => go(n));
    return e;
  }));
}
function showInList() {
  $('space').style.height = shown.length * ROW + 'px';
  const list = $('list'), i = Math.max(0, position(current) - 1), y = i * ROW;
  if (y < list.scrollTop || y > list.scrollTop + list.clientHeight - 2 * ROW) list.scrollTop = y - list.clientHeight / 2;
  list.setAttribute('aria-activedescendant', 'entry-' + nameOf(current));
  drawList();
}

// --- details ---
const rolloutName = r => r < 0 ? '' : d.rollouts[r].short;
function changeLines(before, after, n) {
  const lines = [];
  for (let i = below(d.changeN, n - 1); i < d.changeN.length && d.changeN[i] === n; i++) {
    const r = d.changeRollout[i], h = d.changeHost[i], v = d.changeValue[i];
    const R = r >= 0 ? before.rollouts[r] : null, H = R && h >= 0 ? R.hosts.get(h) : null;
    const who = h >= 0 ? d.hosts[h] + (r >= 0 ? ' under ' + rolloutName(r) : '') : rolloutName(r);
    switch (d.changeWhat[i]) {
    case What.state: lines.push(`${who}: ${R ? d.states[R.state] : 'unknown'} → ${d.states[v]}`); break;
    case What.hostState: lines.push(`${who}: ${H ? d.hostStates[H.state] : 'unknown'} → ${d.hostStates[v]}`); break;
    case What.wave: lines.push(`${who}: wave cursor ${R ? R.wave : 0} → ${v}`); break;
    case What.opened: lines.push(`${who}: opened`); break;
    case What.joined: lines.push(`${who}: joins in wave ${v}`); break;
    case What.dispatched: lines.push(`${who}: dispatched${H && H.sent ? ' again, attempt ' + (H.sent + 1) : ''}, soak due ${clock(v, true)}`); break;
    case What.held: lines.push(`${who}: held by ${d.strings[v]}`); break;
    case What.heard: lines.push(`${who}: message ${v}`); break;
    case What.timer: lines.push(`${who}: kept until ${clock(v, true)}`); break;
    case What.faulted: lines.push(`fault ${d.strings[v]}`); break;
    case What.refused: lines.push(`refused: ${d.strings[v]}`); break;
    case What.planned: lines.push(`${who}: the planner ${v ? R && d.states[R.state] === 'Superseded' ? 'goes back to it' : 'works on it' : 'leaves it'}`); break;
    case What.quarantined: lines.push('the quarantine changes'); break;
    }
  }
  return lines;
}
async function showEntry(n) {
  const [text, json] = await texts(n);
  if (n !== current) return;
  const box = $('entry');
  const before = stateAfter(n), after = stateAfter(n + 1);
  const parts = [el('h2', `Entry ${nameOf(n)}`), el('div', `${clock(d.at[n], true)}${d.absolute ? ' UTC' : ''} · ${d.kinds[d.kind[n]]}`, 'faded'), el('pre', withoutTime(text).replace(/ +/g, ' '))];
  if (d.flags[n] & DIFFERS) parts.push(el('div', `the other run has no such entry at this time`, 'finding'));
  for (const m of d.marks) if (Math.min(m.n, count - 1) === n) parts.push(el('div', `${m.kind} ${m.title}: ${m.detail}`, 'finding'));
  const lines = changeLines(before, after, n);
  if (lines.length) { const list = el('ul'); for (const l of lines) list.append(el('li', l)); parts.push(el('h2', 'Changes'), list); }
  if (d.rules[n] !== undefined) parts.push(el('h2', 'Rule'), el('div', d.strings[d.rules[n]]));
  if (d.whole) { const more = el('details'); more.append(el('summary', 'JSON'), el('pre', pretty(json))); parts.push(more); }
  else parts.push(el('p', `This page has only the entries that change something, without their texts: ${d.left} are left out. A page of those around this one:`), el('pre', part(n)));
  box.replaceChildren(...parts);
  showNow(after, n);
}
function part(n) { // the command that makes a page of some entries
  const at = k => d.seq[Math.max(0, Math.min(count - 1, k))];
  return `${d.command} --from ${at(n - 5000)} --to ${at(n + 5000)} -o part.html`;
}
function pretty(json) { try { return JSON.stringify(JSON.parse(json), null, 1); } catch { return json; } }
function showNow(s, n) {
  const box = $('now'), parts = [el('h2', n === count - 1 && !d.ranged ? 'State at the end' : 'State after this entry')];
  const now = d.at[n];
  const ended = new Set(['Superseded', 'Pruned']);
  let hidden = 0;
  const standing = [];
  for (let r = s.rollouts.length - 1; r >= 0; r--) {
    const R = s.rollouts[r];
    if (!R) continue;
    const state = d.states[R.state];
    const back = state === 'Superseded' && R.planned;
    if (ended.has(state) && !back || filter.channel && d.rollouts[r].channel !== filter.channel) { hidden++; continue; }
    let converged = 0;
    for (const H of R.hosts.values()) if (d.hostStates[H.state] === 'Converged') converged++;
    standing.push({r, R, state, converged, back});
  }
  const rank = x => x.converged === x.R.hosts.size ? 2 : x.R.planned ? 0 : 1; // unfinished ones first
  standing.sort((a, b) => rank(a) - rank(b));
  for (const {r, R, state, converged, back} of standing) {
    const title = el('div', '', converged < R.hosts.size ? 'open' : '');
    title.append(swatch(state), `${d.rollouts[r].short}: ${state}, ${converged} of ${R.hosts.size} converged`);
    parts.push(title);
    if (back) parts.push(el('div', `the channel was set back to it at ${clock(R.plannedAt)}`, 'bad'));
    else if (R.plannedAt !== undefined && !R.planned && converged < R.hosts.size) parts.push(el('div', `the planner has left it for another rollout at ${clock(R.plannedAt)}`, 'bad'));
    parts.push(el('div', `for ${duration(now - R.since)}` + (d.cursor ? `, wave cursor ${R.wave}` : '') + (R.timer !== undefined ? `, kept until ${clock(R.timer, true)}` : ''), 'faded'));
    const rowsOf = [...R.hosts].filter(([h, H]) => d.hostStates[H.state] !== 'Converged' || d.hosts[h] === filter.host);
    if (!rowsOf.length) continue;
    const table = el('table');
    for (const [h, H] of rowsOf.slice(0, 60)) {
      const tr = el('tr'), name = el('td', d.hosts[h]), what = el('td');
      what.append(swatch(d.hostStates[H.state]), `${d.hostStates[H.state]} for ${duration(now - H.since)}`);
      if (H.gate >= 0 && R.planned) what.append(el('br'), el('span', `held by ${d.strings[H.gate]}, for ${duration(now - H.heldAt)}`, 'bad'));
      else if (H.gate >= 0) what.append(el('br'), el('span', `was held by ${d.strings[H.gate]}`, 'faded'));
      if (H.sent && d.hostStates[H.state] === 'Pending') what.append(el('br'), el('span', `dispatched ${H.sent > 1 ? H.sent + ' times, last ' : ''}${clock(H.sentAt)}, no answer`, 'bad'));
      else if (H.sent) what.append(el('br'), el('span', `dispatched ${clock(H.sentAt)}, soak due ${clock(H.due)}` + (H.heard !== undefined ? `, last message ${clock(H.heard)}` : ''), 'faded'));
      tr.append(name, what); table.append(tr);
    }
    parts.push(table);
    if (rowsOf.length > 60) parts.push(el('div', `and ${rowsOf.length - 60} more hosts`, 'faded'));
  }
  if (hidden) parts.push(el('div', `${hidden} more rollouts: superseded, pruned or of other channels`, 'faded'));
  parts.push(el('div', 'Not in this trace: ' + d.unknown.join(', ') + '.', 'faded'));
  box.replaceChildren(...parts);
}

// --- movement ---
function go(n, quiet) {
  current = Math.max(0, Math.min(count - 1, n));
  const u = place(d.at[current]);
  if (u < view.from || u > view.to) { const half = (view.to - view.from) / 2; setView(u - half, u + half); }
  if (!quiet) { try { history.replaceState(null, '', '#seq=' + nameOf(current)); } catch { location.hash = 'seq=' + nameOf(current); } }
  redraw(); showInList();
  return showEntry(current);
}
function step(by) {
  if (!shown.length) return;
  const i = position(current); // how many shown entries are at or before the current one
  const at = i > 0 && shown[i - 1] === current ? i - 1 + by : by > 0 ? i : i - 1;
  if (at >= 0 && at < shown.length) go(shown[at]);
}
function jump(by, flag) {
  for (let n = current + by; n >= 0 && n < count; n += by) if (d.flags[n] & flag) return go(n);
  if (flag === MARKED && d.marks.some(m => m.n >= count)) go(count - 1);
}
function setView(from, to) {
  const size = Math.max(W / 20000, Math.min(W, to - from));
  from = Math.max(0, Math.min(W - size, from));
  view = {from, to: from + size};
  redraw();
}
function zoom(factor, around) {
  const u = around ?? Math.min(view.to, Math.max(view.from, place(d.at[current])));
  setView(u - (u - view.from) * factor, u + (view.to - u) * factor);
}
const pan = part => { const size = view.to - view.from; setView(view.from + size * part, view.to + size * part); };
async function find(by) {
  const words = filter.text.toLowerCase().trim();
  if (!words) return;
  const seq = named(words);
  if (seq >= 0) return go(seq);
  const start = position(current);
  for (let k = 1; k <= shown.length; k++) {
    const i = ((start - 1 + by * k) % shown.length + shown.length) % shown.length;
    const line = (await texts(shown[i]))[0].toLowerCase();
    if (line.includes(words)) return go(shown[i]);
  }
}
function refilter() {
  layout(); search(); drawList(); redraw(); showEntry(current);
}
function fromHash() {
  const m = /seq=([AB]?\d+)/.exec(location.hash);
  return m ? named(m[1]) : -1;
}
function setTheme(name) { document.documentElement.dataset.theme = name; readTheme(); redraw(); }

// --- events ---
function keys(e) {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const typing = e.target.matches('input[type=search],select');
  if (e.key === 'Escape') { $('keys').close(); if (typing) canvas.focus(); return; }
  if (typing) { if (e.key === 'Enter' && e.target.id === 'search') { e.preventDefault(); find(e.shiftKey ? -1 : 1); } return; }
  const act = {
    ArrowRight: () => e.shiftKey ? jump(1, CHANGES) : step(1), ArrowLeft: () => e.shiftKey ? jump(-1, CHANGES) : step(-1),
    ArrowDown: () => e.target.id === 'list' ? step(1) : (scroll += 40, redraw()), ArrowUp: () => e.target.id === 'list' ? step(-1) : (scroll -= 40, redraw()),
    n: () => jump(1, MARKED), p: () => jump(-1, MARKED), d: () => jump(1, DIFFERS), D: () => jump(-1, DIFFERS), Home: () => go(0), End: () => go(count - 1),
    '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2), 0: () => setView(0, W), '[': () => pan(-.25), ']': () => pan(.25),
    '/': () => $('search').focus(), t: () => $('theme').click(), '?': () => $('keys').showModal(),
  }[e.key];
  if (act) { e.preventDefault(); act(); }
}
document.addEventListener('keydown', keys);
$('controls').addEventListener('submit', e => { e.preventDefault(); });
$('search').addEventListener('input', () => { filter.text = $('search').value; });
for (const name of ['failures', 'changes', 'findings', 'differences']) $(name).addEventListener('change', () => { filter[name] = $(name).checked; refilter(); });
for (const name of ['channel', 'host']) $(name).addEventListener('change', () => { filter[name] = $(name).value; refilter(); });
$('next').addEventListener('click', () => jump(1, MARKED));
$('previous').addEventListener('click', () => jump(-1, MARKED));
$('in').addEventListener('click', () => zoom(.5));
$('out').addEventListener('click', () => zoom(2));
$('whole').addEventListener('click', () => setView(0, W));
$('help').addEventListener('click', () => $('keys').showModal());
$('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
$('list').addEventListener('scroll', drawList);
window.addEventListener('hashchange', () => { const n = fromHash(); if (n >= 0 && n !== current) go(n, true); });
window.addEventListener('resize', () => { redraw(); drawList(); });
canvas.addEventListener('wheel', e => {
  e.preventDefault();
  if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) { const size = view.to - view.from, by = (e.deltaX || e.deltaY) / plotWidth() * size; setView(view.from + by, view.to + by); }
  else if (e.ctrlKey || e.offsetX > LEFT && rows.bottom <= canvas.clientHeight) zoom(Math.exp(e.deltaY / 300), fromX(e.offsetX));
  else { scroll += e.deltaY; redraw(); }
}, {passive: false});
let drag = null;
canvas.addEventListener('pointerdown', e => { drag = {x: e.offsetX, y: e.offsetY, view: {...view}, scroll, moved: false}; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener('pointermove', e => {
  if (!drag) return hover(e);
  if (Math.abs(e.offsetX - drag.x) + Math.abs(e.offsetY - drag.y) > 4) drag.moved = true;
  if (!drag.moved) return;
  const by = (drag.x - e.offsetX) / plotWidth() * (drag.view.to - drag.view.from);
  scroll = drag.scroll + drag.y - e.offsetY;
  setView(drag.view.from + by, drag.view.to + by);
});
canvas.addEventListener('pointerup', e => { if (drag && !drag.moved) pick(e); drag = null; });
canvas.addEventListener('pointerleave', () => { $('tip').hidden = true; });
const rowAt = y => rows.find(r => y + scroll >= r.y && y + scroll <= r.y + r.height + 2 && !r.title);
function pick(e) {
  const r = rowAt(e.offsetY), t = timeAt(fromX(e.offsetX)), reach = timeAt(fromX(e.offsetX + 6));
  const subject = r && (r.line ? d.host : d.rollout), number = r && (r.line || r.band).number;
  let n = below(d.at, reach) - 1;
  while (subject && n > 0 && subject[n] !== number) n--;
  if (n < 0 || subject && subject[n] !== number) n = Math.max(0, below(d.at, t) - 1);
  go(n); canvas.focus();
}
function hover(e) {
  const r = rowAt(e.offsetY), tip = $('tip');
  if (!r || e.offsetX < LEFT) { tip.hidden = true; return; }
  const t = timeAt(fromX(e.offsetX)), row = r.line || r.band, names = r.line ? d.hostStates : d.states;
  let text = '';
  for (let i = 0; i < row.spans.length; i += 4) if (row.spans[i] <= t && t <= row.spans[i + 1]) {
    text = `${row.label}: ${names[row.spans[i + 2]]}` + (row.spans[i + 3] >= 0 ? ', ' + d.strings[row.spans[i + 3]] : '') + `, ${clock(row.spans[i])} to ${clock(row.spans[i + 1])}, ${duration(row.spans[i + 1] - row.spans[i])}`;
  }
  tip.hidden = !text; tip.textContent = text;
  tip.style.left = Math.min(e.offsetX + 12, canvas.clientWidth - 320) + 'px'; tip.style.top = e.offsetY + 14 + 'px';
}

// --- start ---
$('facts').textContent = d.facts + '.';
const option = (select, value, text) => { const o = el('option', text); o.value = value; select.append(o); };
option($('channel'), '', 'all channels');
for (const s of d.sections) if (s.channel && s.run !== 'B' || s.run === 'B' && !d.sections.some(o => o.run === 'A' && o.channel === s.channel)) option($('channel'), s.channel, s.channel);
option($('host'), '', 'all hosts');
for (const h of [...new Set(d.hosts)].sort()) option($('host'), h, h);
for (const name of ['Pending', 'Activating', 'Deferred', 'Soaking', 'Converged', 'Failed', 'Reverted', 'Superseded']) {
  const e = el('span'); e.append(swatch(name), name + ({Pending: ', Opening', Activating: ', Active', Soaking: ', Converging', Converged: ', Terminal'}[name] || '')); $('legend').append(e);
}
for (const text of ['▶ dispatched', '✕ failure', '◆ fault', '● finding or violation', 'time is not to scale', ...(d.notes || []).map(n => 'not shown: ' + n)]) $('legend').append(el('span', text));
setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
layout(); search();
const wanted = fromHash();
if (d.ranged) setView(place(d.at[0]) - W / 500, place(d.at[count - 1]) + W / 500);
$('two').hidden = !d.runs;
if (d.runs) $('legend').append(el('span', d.first < 0 ? 'the two runs do not differ' : 'underlined in red: the two runs differ'));
const start = d.runs && d.first >= 0 ? d.first : count - 1;
await go(wanted >= 0 ? wanted : start, wanted < 0);
draw();
document.documentElement.dataset.ready = 'yes';
performance.mark('ready');
})();
