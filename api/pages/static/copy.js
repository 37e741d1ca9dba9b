// A button with data-copy="id" copies the text of the part with this id, and says so in its own words (data-done).
export function watchCopies() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).innerText.trim());
    document.getElementById("said").textContent = button.textContent = button.dataset.done;
  });
}
