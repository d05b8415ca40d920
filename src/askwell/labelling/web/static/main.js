// The page: one item, one key, the next.
import { element, show } from "./item.js";
import * as lists from "./lists.js";
import * as map from "./map.js";
import { Outbox } from "./outbox.js";
import * as panel from "./panel.js";

const byId = (id) => document.getElementById(id);
const KEYS = [..."123456789abcdefghijklmnopqrstuvwxyz"];
const FEW = 3; // items below which the next batch is fetched
const SOON = 300; // milliseconds until it is asked again for a batch that is being chosen
const LONGEST = 600; // seconds after which somebody was away rather than thinking

let me = "", queue = [], done = [], classes = [], size = 0, began = 0, fetching = false, timer = 0;
const saved = new Map(); // id to when its answer was acknowledged: a batch that was asked before may still have it

const outbox = new Outbox({
  sent: (id) => saved.set(id, performance.now()),
  refused: (id, sentence) => say(`The answer to row ${id} was not saved: ${sentence}`),
  state: (waiting, sentence) => {
    byId("connection").dataset.waiting = waiting;
    byId("connection").textContent = sentence ? `${waiting} answers are not saved yet. ${sentence}` : "";
    byId("connection").className = sentence ? "bad" : "";
    if (!waiting && queue.length <= FEW) fetchBatch();
  },
});

function say(sentence) {
  byId("said").textContent = sentence;
}

async function fetchBatch() {
  clearTimeout(timer);
  if (fetching || !me) return;
  fetching = true;
  const asked = performance.now(), within = byId("within").value;
  let again = 0;
  try {
    const query = new URLSearchParams({ annotator: me, ...(within && { within }) });
    const answer = await fetch(`/api/batch?${query}`);
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    addClasses(found.classes);
    const known = new Set(queue.map((item) => item.id));
    const fresh = found.items.filter(
      ({ id }) => !known.has(id) && !outbox.has(id) && !(saved.get(id) >= asked),
    );
    if (within === byId("within").value && fresh.length) {
      const empty = !queue.length;
      queue.push(...fresh);
      size = queue.length;
      if (empty) render();
      else progress();
    }
    if (!queue.length) {
      byId("item").replaceChildren(element("p", {}, found.nothing ?? "The next rows are being chosen …"));
      byId("why").textContent = "";
      again = found.nothing ? 5000 : SOON;
    } else if (queue.length <= FEW && !fresh.length) again = 1000;
  } catch (error) {
    if (!queue.length) byId("item").replaceChildren(element("p", {}, String(error.message)));
    again = 2000;
  }
  fetching = false;
  if (again) timer = setTimeout(fetchBatch, again);
}

function addClasses(names) {
  // A class keeps its key: new ones come at the end.
  const before = classes.length;
  classes.push(...names.filter((name) => !classes.includes(name)));
  if (classes.length === before) return;
  byId("classes").replaceChildren(
    ...classes.map((name, at) => {
      const key = KEYS[at];
      const button = element("button", { type: "button", "aria-keyshortcuts": key },
        key ? element("kbd", {}, key) : null, " ", element("span", { dir: "auto" }, name));
      button.addEventListener("click", () => answer({ label: name }));
      return button;
    }),
  );
  const within = byId("within"), now = within.value;
  within.replaceChildren(element("option", { value: "" }, "from the whole pool"),
    ...classes.map((name) => element("option", { value: name }, `only what may be ${name}`)));
  within.value = now;
  mark();
}

function mark() {
  const chosen = queue[0]?.label;
  [...byId("classes").children].forEach((button, at) => {
    button.classList.toggle("chosen", classes[at] === chosen && chosen !== undefined);
  });
}

function progress() {
  byId("progress").value = size ? 1 - queue.length / size : 0;
  byId("place").textContent = queue.length ? `${queue.length} to go` : "";
}

function render() {
  const item = queue[0];
  byId("suggestion").hidden = true;
  progress();
  if (!item) {
    byId("item").replaceChildren(element("p", {}, "The next rows are being chosen …"));
    byId("why").textContent = "";
    return;
  }
  show(byId("item"), item);
  byId("why").textContent = item.why ? `Row ${item.id}: ${item.why}.` : `Row ${item.id}.`;
  if (byId("suggest").checked && item.suggestion) {
    const { label, probability } = item.suggestion;
    byId("suggestion").textContent = `Suggested: ${label} (${Math.round(100 * probability)} %). Enter takes it.`;
    byId("suggestion").hidden = false;
  }
  mark();
  began = performance.now();
}

function answer(given) {
  const item = queue.shift();
  if (!item) return;
  say("");
  const seconds = Math.min(LONGEST, (performance.now() - began) / 1000);
  done.push({ ...item, label: given.label });
  outbox.put(item.id, { ...given, annotator: me, seconds: Math.round(100 * seconds) / 100 });
  render();
  if (queue.length <= FEW) fetchBatch();
}

function skip() {
  answer({ skip: true, how: byId("how").value });
}

function back() {
  const item = done.pop();
  if (!item) return say("There is no answer of this visit left to take back; look under Answers.");
  outbox.takeBack(item.id, me);
  queue = [item, ...queue.filter((one) => one.id !== item.id)];
  size = Math.max(size, queue.length);
  render();
}

async function open(id) {
  const found = await fetch(`/api/items/${encodeURIComponent(id)}`);
  const item = await found.json();
  if (!found.ok) return say(item.error);
  const given = item.answers.map(([name, label, how]) => `${name}: ${label ?? how}`).join(", ");
  const own = item.answers.find(([name]) => name === me) ?? item.answers[0];
  queue = [{ ...item, why: given ? `answered (${given})` : "opened by you", label: own?.[1] ?? undefined },
    ...queue.filter((one) => one.id !== id)];
  size = Math.max(size, queue.length);
  render();
  byId("item").focus();
}

function addClass(event) {
  event.preventDefault();
  const name = byId("name").value.trim();
  if (!name) return;
  byId("name").value = "";
  byId("name").blur();
  addClasses([name]);
  answer({ label: name });
}

function pressed(event) {
  const writes = event.target.matches("input:not([type=checkbox]), select, textarea");
  if (event.ctrlKey || event.metaKey || event.altKey || writes || document.querySelector("dialog[open]")) return;
  const onButton = event.target.matches("button, a, input") && (event.key === " " || event.key === "Enter");
  if (onButton) return; // the key presses that button
  const at = KEYS.indexOf(event.key);
  if (at >= 0 && at < classes.length) answer({ label: classes[at] });
  else if (event.key === " ") skip();
  else if (event.key === "Backspace") back();
  else if (event.key === "?") byId("keys").showModal();
  else if (event.key === "+") byId("name").focus();
  else if (event.key === "Enter" && !byId("suggestion").hidden && queue.length) answer({ label: queue[0].suggestion.label });
  else return;
  event.preventDefault();
}

const REST = 3000; // milliseconds between two looks at the lists
const TABS = ["now", "map", "answers", "doubts"];
let tab = "now";

async function refresh() {
  try {
    if (tab === "map") await map.draw(byId("plane"), byId("legend"));
    if (tab === "answers") await lists.answers(byId("list"), byId("search").value, open);
    if (tab === "doubts") await lists.doubts(byId("doubtful"), open);
  } catch (error) {
    say(String(error.message));
  }
}

function choose(name) {
  tab = name;
  for (const one of TABS) {
    byId(one).hidden = one !== name;
    byId(`tab-${one}`).setAttribute("aria-selected", one === name);
    byId(`tab-${one}`).tabIndex = one === name ? 0 : -1;
  }
  refresh();
}

function listen() {
  let looked = 0, later = 0;
  const events = new EventSource("/api/events");
  events.onmessage = (event) => {
    panel.status(JSON.parse(event.data));
    // The lists follow at most once in so many milliseconds, and always see what came last.
    clearTimeout(later);
    later = setTimeout(() => {
      looked = Date.now();
      refresh();
    }, Math.max(0, looked + REST - Date.now()));
  };
  addEventListener("pagehide", () => events.close());
}

async function begin() {
  const known = await (await fetch("/api/me")).json();
  if (known.error) return say(known.error);
  byId("title").textContent = `Label ${known.title}`;
  me = known.annotator || localStorage.getItem("askwell.name") || "";
  const named = () => {
    byId("who").textContent = me;
    byId("who").disabled = Boolean(known.annotator);
    byId("who").setAttribute("aria-label", `You are ${me}; change your name`);
    fetchBatch();
  };
  byId("ask-name").addEventListener("close", () => {
    me = byId("me").value.trim().split(/\s+/).join(" ") || me || "me";
    localStorage.setItem("askwell.name", me);
    queue = [];
    done = [];
    named();
  });
  byId("who").addEventListener("click", () => byId("ask-name").showModal());
  if (me) named();
  else byId("ask-name").showModal();
  listen();
}

byId("suggest").checked = localStorage.getItem("askwell.suggest") === "yes";
byId("suggest").addEventListener("change", (event) => {
  localStorage.setItem("askwell.suggest", event.target.checked ? "yes" : "no");
  render();
});
byId("within").addEventListener("change", () => {
  queue = [];
  render();
  fetchBatch();
});
byId("new").addEventListener("submit", addClass);
byId("skip").addEventListener("click", skip);
byId("back").addEventListener("click", back);
byId("help").addEventListener("click", () => byId("keys").showModal());
byId("search").addEventListener("input", refresh);
byId("plane").addEventListener("click", (event) => {
  const id = map.nearest(byId("plane"), event);
  if (id !== null) open(id);
});
for (const one of TABS) byId(`tab-${one}`).addEventListener("click", () => choose(one));
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  choose(TABS[(TABS.indexOf(tab) + step + TABS.length) % TABS.length]);
  byId(`tab-${tab}`).focus();
});
addEventListener("keydown", pressed);
begin();
