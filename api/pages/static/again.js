// A part with data-again="3" is fetched anew after so many seconds, as long as it asks for it and somebody looks; for what has no stream of events.
import { again } from "./swap.js";

export function watchAgain(root) {
  const parts = root.matches?.("[data-again]") ? [root] : [...root.querySelectorAll("[data-again]")];
  for (const part of parts) if (part.id) later(part);
}

function later(part) {
  setTimeout(async () => {
    if (!part.isConnected) return;
    if (document.hidden || part.contains(document.activeElement)) return later(part);
    const names = [part.id, ...(part.dataset.with ?? "").split(" ")].filter(Boolean).join(" ");
    const before = part.querySelector("[data-said]")?.textContent;
    await again(names);
    if (part.isConnected) return later(part);
    const now = document.getElementById(part.id)?.querySelector("[data-said]")?.textContent;
    if (now && now !== before) document.getElementById("said").textContent = now.trim();
  }, 1000 * Number(part.dataset.again));
}
