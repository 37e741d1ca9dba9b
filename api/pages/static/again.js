// A part with data-again="3" is fetched anew after so many seconds, as long as it asks for it and somebody looks; for what has no stream of events.
import { partsOf } from "./parts.js";
import { saidBy, tell } from "./said.js";
import { again } from "./swap.js";

export function watchAgain(root) {
  for (const part of partsOf(root, "[data-again]")) if (part.id) later(part);
}

function later(part) {
  setTimeout(async () => {
    if (!part.isConnected) return;
    // Who is about to enter something there is not disturbed; other places keep their focus when the part is put anew.
    const entering = part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
    if (document.hidden || entering) return later(part);
    const names = [part.id, ...(part.dataset.with ?? "").split(" ")].filter(Boolean).join(" ");
    const before = saidBy(part);
    await again(names);
    if (part.isConnected) return later(part);
    const now = saidBy(document.getElementById(part.id));
    if (now !== before) tell(now);
  }, 1000 * Number(part.dataset.again));
}
