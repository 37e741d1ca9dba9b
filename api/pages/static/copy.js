// A button with data-copy="id" copies the text of the part with this id, and says so in its own words (data-done).
import { on } from "./parts.js";
import { tell } from "./said.js";

export function watchCopies() {
  on("click", "button[data-copy]", async (_, button) => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
    tell(button.textContent = button.dataset.done);
  });
}
