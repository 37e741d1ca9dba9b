// A part with data-live="/v1/runs/ID/events" is fetched anew when something happens there, at most twice a second; it ends with the stream.
import { again as fetchAgain, saidBy } from "./swap.js";

const PAUSE = 500;
const streams = new Map();

export function watchLive(root) {
  const parts = root.matches?.("[data-live]") ? [root] : [...root.querySelectorAll("[data-live]")];
  for (const part of parts) if (part.id && !streams.has(part.id)) follow(part);
}

function follow(part) {
  const name = part.id, stream = new EventSource(part.dataset.live);
  streams.set(name, stream);
  let waiting = null;
  const again = () => {
    waiting ??= setTimeout(async () => {
      waiting = null;
      await fetchAgain(name);
      const now = document.getElementById(name);
      tell(now);
      if (!now || !now.dataset.live) {
        stop(name);
        streams.delete(name);  // the part may follow something else later
      }
    }, PAUSE);
  };
  for (const kind of ["status", "phase", "incumbent", "heartbeat"]) stream.addEventListener(kind, again);
  // The stream ends with the run; the browser would connect again for ever.
  stream.addEventListener("error", () => { again(); if (stream.readyState === EventSource.CLOSED) stop(name); });
}

function stop(name) {
  streams.get(name)?.close();
}

let said = "";

function tell(part) {
  const told = saidBy(part);
  if (told && told !== said) document.getElementById("said").textContent = said = told;
}
