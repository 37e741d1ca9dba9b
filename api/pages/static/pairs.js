// A slider and a number box that say the same, and what follows from it. Slider: data-pair="id of the box". Output: data-of="id of the box" and
// data-share-of="280": so many of 280, rounded as data-rounding says (floor, ceil, half_up; up where absent, as shares of seats are).
const ROUND = { floor: (n) => Math.floor(n + 1e-9), half_up: (n) => Math.floor(n + 0.5 + 1e-9), largest_remainder: Math.round };
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
    const exact = ((box.value.trim() ? Number(box.value) : NaN) * Number(output.dataset.shareOf)) / 100;
    const seats = (ROUND[output.dataset.rounding] ?? ((n) => Math.ceil(n - 1e-9)))(exact);
    output.textContent = output.dataset.words.replace("{n}", Number.isFinite(seats) ? String(seats) : "–");
  }
}
