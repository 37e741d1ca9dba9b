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
    go(link.href, link.dataset.swap, { push: true, focus: link.dataset.focus, calm: "calm" in link.dataset });
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
// A calm one takes so long that only its own parts are busy, and say so by what they have for it; the rest of the page stays in use.
export async function go(address, names, { push = false, focus = "", quiet = false, calm = false } = {}) {
  const mine = ++asked;
  // What takes longer than a moment is seen to be worked on.
  const busy = quiet ? 0 : setTimeout(() => wait(names, true, calm), 200);
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
    for (const name of names.split(" ")) put(page, name);
    if (focus) document.getElementById(focus)?.focus();
    if (!quiet) say(page);
  } catch {
    if (!quiet) location.assign(address);
  } finally {
    clearTimeout(busy);
    if (mine === asked) wait(names, false);
  }
}

function wait(names, busy, calm = false) {
  if (calm) tell(document.querySelector(`#${CSS.escape(names)} .while-busy`));
  for (const part of [calm ? null : document.getElementById("main"), ...names.split(" ").map((name) => document.getElementById(name))]) {
    if (busy) part?.setAttribute("aria-busy", "true");
    else part?.removeAttribute("aria-busy");
  }
}

export function put(page, name) {
  const fresh = page.getElementById(name), old = document.getElementById(name);
  if (!fresh || !old) return;
  const open = new Set([...old.querySelectorAll("details[open][id]")].map((each) => each.id));
  const at = old.contains(document.activeElement) ? document.activeElement.id : "";
  const made = document.adoptNode(fresh);
  for (const each of made.querySelectorAll("details[id]")) if (open.has(each.id)) each.open = true;
  old.replaceWith(made);
  if (at) document.getElementById(at)?.focus();
  for (const listener of listeners) listener(made);
}

// Tell who cannot see it that something has changed: the part's own words for it.
export function say(page) {
  tell(page.querySelector("[data-said]"));
}

function tell(part) {
  const told = part?.textContent.trim();
  if (told) document.getElementById("said").textContent = told;
}
