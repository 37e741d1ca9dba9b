// A part with data-later="address" says what can be said at once; the rest is fetched from there as soon as it is shown, with data-with="id other-id" beside
// it. What comes may say that it is not all: then it is asked for again after data-pause="2" seconds. Whoever has gone on to something else hears no more of it.
import { partsOf } from "./parts.js";
import { say, tell } from "./said.js";
import { pageAt, put } from "./swap.js";

export function watchLater(root) {
  for (const part of partsOf(root, "[data-later]")) if (part.id) setTimeout(() => fetched(part), 1000 * Number(part.dataset.pause ?? 0));
}

async function fetched(part) {
  if (!part.isConnected) return;
  try {
    const page = await pageAt(part.dataset.later);
    if (!part.isConnected) return;
    const made = [...(part.dataset.with ?? "").split(" ").filter(Boolean), part.id].map((name) => put(page, name));
    say(...made.reverse());
  } catch {
    if (!part.isConnected) return;
    for (const each of part.querySelectorAll("[data-waits]")) each.hidden = true;
    for (const each of part.querySelectorAll("[data-failed]")) each.hidden = false;
    tell(part.querySelector("[data-failed]")?.textContent.trim());
  }
}
