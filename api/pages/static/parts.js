// How a module finds what it looks after: in what has come into the page, and where something is done.

// The parts of what has come that fit a selector; what has come may be one itself.
export function partsOf(root, selector) {
  return root.matches?.(selector) ? [root] : [...root.querySelectorAll(selector)];
}

// Listen once for all parts that fit a selector, there already or still to come: `act` is given the event and the part in which it happened.
export function on(kind, selector, act) {
  document.addEventListener(kind, (event) => {
    const part = event.target.closest(selector);
    if (part) act(event, part);
  });
}
