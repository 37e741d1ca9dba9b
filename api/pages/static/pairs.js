// A slider and a number box that say the same, and what follows from it. Slider: data-pair="id of the box". Output: data-of="id of the box" and
// data-share-of="280": so many of 280, at least, as shares of seats are rounded up.
export function watchPairs(root) {
  for (const slider of root.querySelectorAll("input[type=range][data-pair]")) {
    const box = document.getElementById(slider.dataset.pair);
    if (!box) continue;
    slider.addEventListener("input", () => { box.value = slider.value; box.dispatchEvent(new Event("input", { bubbles: true })); });
    box.addEventListener("input", () => { slider.value = box.value; follow(box); });
    follow(box);
  }
}

function follow(box) {
  for (const output of document.querySelectorAll(`output[data-of="${CSS.escape(box.id)}"]`)) {
    const seats = Math.ceil((Number(box.value) * Number(output.dataset.shareOf)) / 100 - 1e-9);
    output.textContent = output.dataset.words.replace("{n}", Number.isFinite(seats) ? String(seats) : "–");
  }
}
