// A part with data-later="address" says what can be said at once; the rest is fetched from there as soon as it is shown, with data-with="id other-id" beside
// it. What comes may say that it is not all: then it is asked for again after data-pause="2" seconds. Whoever has gone on to something else hears no more of it.
import { put, say } from "./swap.js";

export function watchLater(root) {
  const parts = root.matches?.("[data-later]") ? [root] : [...root.querySelectorAll("[data-later]")];
  for (const part of parts) if (part.id) setTimeout(() => fetched(part), 1000 * Number(part.dataset.pause ?? 0));
}

async function fetched(part) {
  if (!part.isConnected) return;
  try {
    const response = await fetch(part.dataset.later, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const text = await response.text();
    if (!part.isConnected) return;
    if (!response.ok || response.redirected) throw new Error(response.statusText);
    const page = new DOMParser().parseFromString(text, "text/html");
    const made = [...(part.dataset.with ?? "").split(" ").filter(Boolean), part.id].map((name) => put(page, name));
    say(...made.reverse());
  } catch {
    if (!part.isConnected) return;
    for (const each of part.querySelectorAll("[data-waits]")) each.hidden = true;
    for (const each of part.querySelectorAll("[data-failed]")) each.hidden = false;
    document.getElementById("said").textContent = part.querySelector("[data-failed]")?.textContent.trim() ?? "";
  }
}
