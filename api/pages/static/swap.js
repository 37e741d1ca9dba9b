// Links and forms with data-swap="id other-id" fetch their page and put those parts of it in place: a list filtered, a drawer opened, no reload.
import { on } from "./parts.js";
import { say, tell } from "./said.js";

const listeners = [];

export function onSwap(listener) {
  listeners.push(listener);
}

export function watchSwaps() {
  on("click", "a[data-swap]", (event, link) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(addressOf(link), link.dataset.swap, { push: true, focus: link.dataset.focus, calm: "calm" in link.dataset });
  });
  on("submit", "form[data-swap]", (event, form) => {
    if ((event.submitter?.formMethod || form.method) !== "get") return;
    event.preventDefault();
    const address = new URL(form.action || location.href, location.href);
    address.search = new URLSearchParams([...new FormData(form, event.submitter)].filter(([, value]) => value !== "")).toString();
    go(address.href, form.dataset.swap, { push: true });
  });
  let waiting, byKey = null;
  // What is entered is not all yet: ask when it rests. What is on its way until then would set it back.
  const restBefore = (form, pause) => {
    asked += 1;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), pause);
  };
  document.addEventListener("keydown", (event) => { byKey = event.target; });
  document.addEventListener("pointerdown", () => { byKey = null; });
  on("change", "form[data-swap][data-at-once]", (event, form) => {
    if (!event.target.matches("select, input[type=checkbox], input[type=radio]")) return;
    // Arrows lead over every choice to the one that is meant.
    if (byKey === event.target && !event.target.matches("[type=checkbox]")) restBefore(form, 600);
    else form.requestSubmit();
  });
  on("input", "form[data-swap][data-at-once]", (event, form) => {
    if (event.target.matches("input[type=search]")) restBefore(form, 250);
  });
  // Back and forward lead to pages; a link to a part of this page, such as the one that skips to the content, is no other page.
  const place = () => location.pathname + location.search;
  let shown = place();
  onSwap(() => { shown = place(); });
  addEventListener("popstate", () => { if (place() !== shown) location.reload(); });
}

// Where a link leads. One with data-here="name=value" leads to this very page with that changed, wherever the page's address has come to since.
function addressOf(link) {
  if (!link.dataset.here) return link.href;
  const address = new URL(location.href);
  for (const [name, value] of new URLSearchParams(link.dataset.here)) address.searchParams.set(name, value);
  return address.href;
}

// What a reader asks for and what a page asks for by itself each have an order of their own, so that neither drops the other's answer.
// Of a reader's requests the latest wins: there is one address. By itself a page asks part by part, and an answer is put in place
// unless something newer is there.
let asked = 0, clock = 0, own = null;
const since = new Map();  // of a part: answers that the page asked for up to then are out of date

// Fetch a page for its reader and put the named parts of it in place; where it cannot be done in place, the browser goes there.
// A calm one takes so long that only its own parts are busy, and say so by what they have for it; the rest of the page stays in use.
export function go(address, names, { push = false, focus = "", calm = false } = {}) {
  const mine = ++asked;
  if (own) rest(own);
  const now = { names: names.split(" "), calm, done: null, busy: 0 };
  own = now;
  now.done = fetched();
  return now.done;

  async function fetched() {
    // What takes longer than a moment is seen to be worked on.
    now.busy = setTimeout(() => wait(now, true), 200);
    try {
      const page = await pageAt(address);
      if (mine !== asked) return;
      if (push) {
        history.pushState(null, "", page.address);
        document.title = page.title;
      }
      const made = now.names.map((name) => {
        since.set(name, ++clock);
        return put(page, name);
      });
      // What was to have the focus may not be in the page any more: then the page's own part has it, so that it is not lost.
      if (focus) (document.getElementById(focus) ?? document.getElementById("main"))?.focus();
      say(...made, page);
    } catch {
      if (mine === asked) location.assign(address);
    } finally {
      if (own === now) {
        rest(now);
        own = null;
      }
    }
  }
}

// Fetch this very page again for some of its parts; nobody has asked for it, so it is quiet and fails quietly.
export async function again(names, signal) {
  const parts = names.split(" ");
  // What is on its way for the reader comes first, and may be at another address.
  while (own && parts.some(underWay)) await own.done;
  const mine = ++clock;
  try {
    const page = await pageAt(location.href, { signal });
    for (const name of parts) {
      if ((since.get(name) ?? 0) > mine) continue;
      since.set(name, mine);
      put(page, name);
    }
  } catch {
    // Whoever looks again does so in a moment.
  }
}

// Whether a part, or one that it is in, is on its way for the reader.
export function underWay(name) {
  const part = document.getElementById(name);
  return own?.names.some((each) => each === name || document.getElementById(each)?.contains(part)) ?? false;
}

// A page as it stands at an address; `more` is how else it is asked for. An error where there is none, or the way leads elsewhere.
export async function pageAt(address, more = {}) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin", ...more });
  const text = await response.text();
  if (!response.ok || response.redirected) throw new Error(response.statusText);
  const page = new DOMParser().parseFromString(text, "text/html");
  page.address = response.url;
  return page;
}

function rest(request) {
  clearTimeout(request.busy);
  wait(request, false);
}

function wait({ names, calm }, busy) {
  if (busy && calm) tell(document.querySelector(`#${CSS.escape(names[0])} .while-busy`)?.textContent.trim());
  for (const part of [...(calm ? [] : ["main"]), ...names].map((name) => document.getElementById(name))) {
    if (busy) part?.setAttribute("aria-busy", "true");
    else part?.removeAttribute("aria-busy");
  }
}

// Put a part of a fetched page in the place of its like; the part.
export function put(page, name) {
  const fresh = page.getElementById(name), old = document.getElementById(name);
  if (!fresh || !old) return null;
  const open = new Set([...old.querySelectorAll("details[open][id]")].map((each) => each.id));
  const had = old.contains(document.activeElement) ? document.activeElement : null;
  const made = document.adoptNode(fresh);
  for (const each of made.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = true;
  old.replaceWith(made);
  if (had) refocus(made, had);
  for (const listener of listeners) listener(made);
  return made;
}

// Whoever was at work in a part goes on at the same place of what has come for it: the same field, the link of the same words, or else the part itself.
function refocus(part, had) {
  const told = (each) => each.getAttribute("aria-label") ?? each.textContent.trim();
  const alike = (each) => each.name === had.name && told(each) === told(had);
  const found = (had.id && document.getElementById(had.id)) || [...part.querySelectorAll(had.localName)].find(alike);
  if (!found) part.tabIndex = -1;
  (found || part).focus({ preventScroll: true });
}
