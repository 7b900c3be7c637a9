"use strict";
// All texts come from strangers: they are set as text, never as markup.
const $ = (id) => document.getElementById(id);
const number = new Intl.NumberFormat("en");
const REGIONS = ["north america", "europe", "asia", "elsewhere", "south america", "africa", "oceania", "not stated"];
const COLUMNS = [
  ["name", "Name", false], ["node", "Key", false], ["region", "Region", false], ["device", "Device", false],
  ["status", "Status", false], ["judged", "Accepted", true], ["share", "Verified", true], ["rejected", "Rejected", true],
  ["units", "Work units", true], ["last_seen_s", "Last seen", true],
];
let state = null, sorted = "units", falling = true, chosen = null, receivedAt = 0, heardAt = 0, connected = false, events = null;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}
const percent = (part, whole) => (whole ? (100 * part / whole).toFixed(1) + "%" : "–");
function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const s = Math.round(seconds);
  if (s < 90) return s + " s";
  if (s < 5400) return Math.round(s / 60) + " min";
  return s < 172800 ? (s / 3600).toFixed(1) + " h" : Math.round(s / 86400) + " d";
}
function bar(label, value, part, whole) {
  const item = element("li");
  item.append(element("span", label), element("span", value));
  const progress = element("progress");
  progress.max = Math.max(whole, 1);
  progress.value = part;
  progress.setAttribute("aria-label", label + ": " + value);
  item.append(progress);
  return item;
}
function show() {
  const s = state;
  document.title = s.run + ": synthetic1 pool";
  $("run").textContent = s.run;
  $("about").textContent = s.environment + ", " + s.model;
  $("verified").textContent = number.format(s.verified);
  $("progress").max = Math.max(s.wanted || 1, 1);
  $("progress").value = s.judged;
  $("of").textContent = s.wanted ? number.format(s.judged) + " of " + number.format(s.wanted) + " judged" : "";
  $("share").textContent = percent(s.verified, s.judged);
  $("judged").textContent = number.format(s.verified) + " of " + number.format(s.judged);
  $("pace").textContent = number.format(Math.round(s.tokens_per_s));
  $("tokens").textContent = number.format(s.tokens) + " in all";
  $("eta").textContent = s.wanted && s.judged >= s.wanted ? "done" : span(s.eta_s);
  $("pending").textContent = number.format(s.pending) + " to be settled";
  $("empty").hidden = s.nodes.length > 0;
  $("families").replaceChildren(...s.families.map((f) =>
    bar(f.name.replaceAll("_", " "), percent(f.verified, f.judged) + " of " + number.format(f.judged), f.verified, f.judged)));
  const most = Math.max(1, ...s.reasons.map((r) => r.count));
  $("reasons").className = "bars why";
  $("reasons").replaceChildren(...s.reasons.map((r) => bar(r.reason.replaceAll("_", " "), number.format(r.count), r.count, most)));
  const join = s.join_url || location.origin;
  $("command").textContent = "synthetic1 worker --join " + join + " --server http://localhost:8000/v1";
  showMap();
  showNodes();
  showTraces();
}
function showMap() {
  const counts = new Map(REGIONS.map((region) => [region, 0]));
  for (const node of state.nodes) {
    const said = node.region.toLowerCase().replace(/[-_]/g, " ").trim();
    const region = !said ? "not stated" : REGIONS.find((one) => said.startsWith(one)) || "elsewhere";
    counts.set(region, counts.get(region) + 1);
  }
  $("map").replaceChildren(...[...counts].map(([region, count]) => {
    const tile = element("div", undefined, count ? "there" : "");
    tile.append(element("b", count), region);
    return tile;
  }));
}
const shareOf = (node) => (node.judged ? node.verified / node.judged : -1);
function showNodes() {
  const value = (node) => (sorted === "share" ? shareOf(node) : node[sorted]);
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (falling ? -1 : 1);
  const rows = [...state.nodes].sort((a, b) => order(value(a), value(b)));
  $("nodes").replaceChildren(...rows.map((node) => {
    const row = element("tr");
    for (const [field, , numeric] of COLUMNS) {
      const text = field === "share" ? percent(node.verified, node.judged) : field === "node" ? node.node.slice(0, 12)
        : field === "last_seen_s" ? span(node.last_seen_s) : numeric ? number.format(node[field]) : node[field] || "–";
      row.append(element("td", text, field === "status" ? node.status : numeric ? "n" : ""));
    }
    return row;
  }));
}
function showTraces() {
  const list = $("traces"), top = list.scrollTop;
  // New ones come in above: what is being read stays where it is, unless the reader is at the top.
  const anchor = top ? [...list.children].find((item) => item.offsetTop + item.offsetHeight > list.offsetTop + top) : null;
  const before = anchor ? anchor.offsetTop : 0;
  list.replaceChildren(...[...state.traces].reverse().map((trace) => {
    const item = element("li");
    item.setAttribute("role", "option");
    item.id = "t-" + trace.key + "-" + trace.node.slice(0, 12);
    item.setAttribute("aria-selected", String(chosen !== null && item.id === chosen));
    const kind = verdictOf(trace);
    item.append(element("span", MARKS[kind], kind), trace.family.replaceAll("_", " ") + ", " + trace.reason.replaceAll("_", " "));
    item.addEventListener("click", () => choose(item.id));
    return item;
  }));
  const after = anchor ? $(anchor.id) : null;
  list.scrollTop = after ? top + after.offsetTop - before : top;
}
function choose(id) {
  const trace = state.traces.find((t) => "t-" + t.key + "-" + t.node.slice(0, 12) === id);
  if (!trace) return;
  chosen = id;
  for (const item of $("traces").children) item.setAttribute("aria-selected", String(item.id === id));
  $("traces").setAttribute("aria-activedescendant", id);
  $(id).scrollIntoView({ block: "nearest" });
  const shown = $("trace");
  const verdict = (trace.score === null ? "no score" : "score " + trace.score) + ", " + trace.reason.replaceAll("_", " ");
  shown.replaceChildren(
    element("p", trace.family.replaceAll("_", " ") + ", by " + trace.node.slice(0, 12) + ", " + new Date(1000 * trace.at).toLocaleString()),
    element("p", "verdict: " + verdict + "; proof: " + trace.proof, verdictOf(trace)));
  if (trace.prompt === null) {
    shown.append(element("p", "This pool keeps prompts and completions to itself.", "note"));
    return;
  }
  shown.append(element("p", "Prompt", "note"), element("pre", trace.prompt), element("p", "Completion", "note"), element("pre", trace.completion));
}
const SILENT_MS = 40000; // the pool says something every 15 s
const verdictOf = (trace) => (trace.proof === "reject" || (trace.score !== null && trace.score < 1) ? "bad" : trace.score === 1 ? "good" : "note");
const MARKS = { good: "✓ ", bad: "✗ ", note: "– " };
function connection() {
  if (connected && Date.now() - heardAt > SILENT_MS) {
    connected = false;
    if (events) events.close();
    listen();
  }
  const old = receivedAt ? (Date.now() - receivedAt) / 1000 : null;
  const shown = $("connection");
  shown.classList.toggle("lost", !connected);
  const text = connected ? "live" : "connection lost" + (old === null ? "" : "; figures are " + span(old) + " old");
  if (shown.textContent !== text) shown.textContent = text;
}
function take(text) {
  state = JSON.parse(text);
  receivedAt = Date.now();
  show();
}
function listen() {
  const source = events = new EventSource("v1/events");
  const heard = () => { connected = true; heardAt = Date.now(); };
  source.addEventListener("open", () => { heard(); connection(); });
  source.addEventListener("ping", heard);
  source.addEventListener("state", (event) => { heard(); take(event.data); connection(); });
  source.addEventListener("error", () => {
    if (source !== events) return;
    connected = false;
    connection();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000); // e.g. too many viewers
  });
}
function theme(name) {
  document.documentElement.dataset.theme = name;
  $("theme").setAttribute("aria-pressed", String(name === "dark"));
  $("theme").textContent = name === "dark" ? "Light" : "Dark";
}
function begin() {
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* not allowed here */ }
  theme(kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  $("theme").addEventListener("click", () => {
    const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    theme(name);
    try { localStorage.setItem("theme", name); } catch { /* not allowed here */ }
  });
  for (const [field, label, numeric] of COLUMNS) {
    const head = element("th", undefined, numeric ? "n" : "");
    head.scope = "col";
    const button = element("button", label);
    button.type = "button";
    button.addEventListener("click", () => {
      falling = sorted === field ? !falling : numeric;
      sorted = field;
      for (const other of $("heads").children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      if (state) showNodes();
    });
    head.append(button);
    $("heads").append(head);
  }
  $("traces").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...$("traces").children];
    if (!step || !items.length) return;
    event.preventDefault();
    const at = items.findIndex((item) => item.id === chosen);
    choose(items[Math.min(Math.max(at + step, 0), items.length - 1)].id);
  });
  $("copy").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText($("command").textContent); $("copy").textContent = "Copied"; }
    catch { getSelection().selectAllChildren($("command")); }
  });
  fetch("v1/state").then((response) => response.text()).then((text) => { if (!state) take(text); }).catch(() => {});
  listen();
  setInterval(connection, 1000);
}
begin();
