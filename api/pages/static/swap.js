// Links and forms with data-swap="id other-id" fetch their page and put those parts of it in place: a list filtered, a drawer opened, no reload.
const listeners = [];

export function onSwap(listener) {
  listeners.push(listener);
}

export function watchSwaps() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(link.href, link.dataset.swap, { push: true, focus: link.dataset.focus });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form || (event.submitter?.formMethod || form.method) !== "get") return;
    event.preventDefault();
    const address = new URL(form.action || location.href, location.href);
    address.search = new URLSearchParams([...new FormData(form, event.submitter)].filter(([, value]) => value !== "")).toString();
    go(address.href, form.dataset.swap, { push: true });
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-swap][data-at-once]");
    if (form && event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
  });
  let waiting;
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-swap][data-at-once]");
    if (!form || !event.target.matches("input[type=search]")) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), 250);
  });
  addEventListener("popstate", () => location.reload());
}

let asked = 0;

// Fetch a page and put the named parts of it in place. Whoever asks later wins; where it cannot be done in place, the browser goes there.
export async function go(address, names, { push = false, focus = "", quiet = false } = {}) {
  const mine = ++asked;
  // What takes longer than a moment is seen to be worked on.
  const busy = quiet ? 0 : setTimeout(() => wait(names, true), 200);
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const text = await response.text();
    if (mine !== asked) return;
    if (!response.ok || response.redirected) throw new Error(response.statusText);
    const page = new DOMParser().parseFromString(text, "text/html");
    if (push) {
      history.pushState(null, "", response.url);
      document.title = page.title;
    }
    const made = names.split(" ").map((name) => put(page, name));
    // What was to have the focus may not be in the page any more: then the page's own part has it, so that it is not lost.
    if (focus) (document.getElementById(focus) ?? document.getElementById("main"))?.focus();
    if (!quiet) say(...made, page);
  } catch {
    if (!quiet) location.assign(address);
  } finally {
    clearTimeout(busy);
    if (mine === asked) wait(names, false);
  }
}

function wait(names, busy) {
  for (const part of [document.getElementById("main"), ...names.split(" ").map((name) => document.getElementById(name))]) {
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

// What a part says of itself, without the signs that are only looked at.
export function saidBy(part) {
  const words = part?.querySelector("[data-said]")?.cloneNode(true);
  for (const sign of words?.querySelectorAll("[aria-hidden=true]") ?? []) sign.remove();
  return words?.textContent.replace(/\s+/g, " ").trim() ?? "";
}

// Tell who cannot see it that something has changed: the words for it of the first part that has any.
export function say(...parts) {
  const told = parts.map(saidBy).find(Boolean);
  if (told) document.getElementById("said").textContent = told;
}
