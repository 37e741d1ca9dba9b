// A part with data-live="/v1/runs/ID/events" is fetched anew when something happens there, at most twice a second; it ends with the stream.
import { partsOf } from "./parts.js";
import { saidBy, tell } from "./said.js";
import { again as fetchAgain } from "./swap.js";

const PAUSE = 500;
const streams = new Map();

export function watchLive(root) {
  for (const part of partsOf(root, "[data-live]")) if (part.id && !streams.has(part.id)) follow(part);
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
      tellNew(now);
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

// The same words again are not told again.
function tellNew(part) {
  const told = saidBy(part);
  if (told && told !== said) tell(said = told);
}
