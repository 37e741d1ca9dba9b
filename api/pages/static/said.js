// What is told to whoever cannot see that something has changed: the page has one place for it, which is read out when its words change.
export function tell(words) {
  if (words) document.getElementById("said").textContent = words;
}

// What a part says of itself, without the signs that are only looked at.
export function saidBy(part) {
  const words = part?.querySelector("[data-said]")?.cloneNode(true);
  for (const sign of words?.querySelectorAll("[aria-hidden=true]") ?? []) sign.remove();
  return words?.textContent.replace(/\s+/g, " ").trim() ?? "";
}

// Tell what the first of some parts that has words for it says of itself.
export function say(...parts) {
  tell(parts.map(saidBy).find(Boolean));
}
