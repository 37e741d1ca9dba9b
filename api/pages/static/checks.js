// A form with data-check="address" is looked at 400 ms after its last change: what was entered would come to is shown in place, before anybody saves.
import { on } from "./parts.js";
import { say } from "./said.js";
import { pageAt, put } from "./swap.js";

const PAUSE = 400;
let waiting, asked;

export function watchChecks() {
  on("input", "form[data-check]", (_, form) => {
    clearTimeout(waiting);
    asked?.abort();
    waiting = setTimeout(() => check(form), PAUSE);
  });
}

async function check(form) {
  asked = new AbortController();
  try {
    const body = new URLSearchParams(new FormData(form));
    const page = await pageAt(form.dataset.check, { method: "POST", body, signal: asked.signal });
    if (!form.isConnected) return;
    for (const part of form.querySelectorAll("[data-foreseen], #seats")) put(page, part.id);
    say(page);
  } catch {
    // A check that was overtaken or did not arrive says nothing; the next change asks again, and saving says the same.
  }
}
