// A frontier's slider: every point was solved ahead and is in the page with its words, so that moving the slider moves the marker and rewrites what is
// read off at once. Where it rests, the address is that of the point, and the people who gain and lose there are fetched.
import { again, go, underWay } from "./swap.js";

const REST = 250;

export function watchFrontier(root) {
  const part = root.id === "frontier" ? root : root.querySelector("#frontier");
  if (part) follow(part);
  // The last point has been solved: show all of them.
  if (root.id === "progress" && !root.dataset.again && document.querySelector("#frontier[data-open]")) again("frontier");
}

function follow(part) {
  const data = part.querySelector("script[data-points]"), form = part.querySelector("form[data-frontier]");
  if (!data || !form) return;
  const told = JSON.parse(data.textContent);
  const controls = ["at", "second"].map((name) => form.elements.namedItem(name)).filter(Boolean);
  const places = new Map();
  for (const each of document.querySelectorAll("[data-read]")) places.set(each.dataset.read, [...(places.get(each.dataset.read) ?? []), each]);
  const pictures = [...part.querySelectorAll(".chart svg")].map(pictureOf).filter((each) => each.marker);
  let rest = null;
  for (const control of controls) control.addEventListener("input", () => {
    const point = pointAt(told.points, controls);
    if (!point) return;
    show(point, places, pictures, told.drawn.indexOf(point.number), controls);
    clearTimeout(rest);
    rest = setTimeout(() => settle(form, controls), REST);
  });
}

function pictureOf(svg) {
  const marks = [...svg.querySelectorAll("[data-points] path")].map((each) => each.getAttribute("transform"));
  return { marks, marker: svg.querySelector(".marker") };
}

function pointAt(points, controls) {
  const same = (value, text) => (typeof value === "number" ? Math.abs(value - Number(text)) < 1e-9 : String(value) === text);
  return points.find((point) => controls.every((control, axis) => same(point.values[axis], control.value)));
}

function show(point, places, pictures, place, controls) {
  for (const [name, elements] of places) for (const each of elements) if (each.textContent !== point.said[name]) each.textContent = point.said[name] ?? "–";
  for (const { marks, marker } of pictures) {
    if (place < 0) { marker.setAttribute("display", "none"); continue; }
    marker.removeAttribute("display");
    marker.setAttribute("transform", marks[place]);
  }
  for (const field of document.querySelectorAll("input[name=point]")) field.value = point.number;
  for (const [axis, control] of controls.entries()) {
    if (control.type === "range") control.setAttribute("aria-valuetext", `${point.texts[axis]}: ${point.said.state}`);
  }
}

let earlier = null;

async function settle(form, controls) {
  // Another choice of this form is on its way and would set the slider back: ask for both.
  if (underWay("frontier")) return form.requestSubmit();
  const address = new URL(location.href);
  for (const control of controls) address.searchParams.set(control.name, control.value);
  address.searchParams.delete("saved");
  if (!form.isConnected) return go(address.href, "frontier", { push: true });
  history.replaceState(null, "", address);
  earlier?.abort();
  earlier = new AbortController();
  await again("who", earlier.signal);
}
