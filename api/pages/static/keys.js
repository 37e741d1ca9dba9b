// Two keys: / goes to the search, Escape closes what is open beside the page and goes back to where it was opened.
export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.getElementById("search");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    }
    if (event.key === "Escape") document.querySelector("#drawer:not([hidden]) a[data-close]")?.click();
  });
}
