// Forms whose work takes long: data-busy="what is being done" is shown once the form is sent, and its buttons cannot be pressed again.
import { on } from "./parts.js";
import { tell } from "./said.js";

export function watchBusy() {
  on("submit", "form[data-busy]", (_, form) => {
    const told = form.querySelector(".busy") ?? form.appendChild(Object.assign(document.createElement("p"), { className: "busy hint" }));
    tell(told.textContent = form.dataset.busy);
    // A disabled button sends nothing, so not before the browser has taken up what to send.
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; });
  });
  // Coming back with the browser's own button shows the page as it was left.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}
