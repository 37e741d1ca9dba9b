// A form with data-check="address" is looked at 400 ms after its last change: what its values would come to is shown in place, before anybody saves.
import { put, say } from "./swap.js";
const PAUSE = 400;
let waiting, asked;

export function watchChecks() {
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-check]");
    if (!form) return;
    clearTimeout(waiting);
    asked?.abort();
    waiting = setTimeout(() => check(form), PAUSE);
  });
}

async function check(form) {
  asked = new AbortController();
  try {
    const body = new URLSearchParams(new FormData(form));
    const response = await fetch(form.dataset.check, { method: "POST", body, headers: { Accept: "text/html" }, signal: asked.signal });
    const text = await response.text();
    if (!response.ok || response.redirected || !form.isConnected) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const name of ["foreseen", "seats"]) put(page, name);
    say(page);
  } catch {
    // A check that was overtaken or did not arrive says nothing; the next change asks again, and saving says the same.
  }
}
