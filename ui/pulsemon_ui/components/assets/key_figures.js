// Key figures: title, newest value, a line of the last day, how it differs from a day before.
import { drawing, element, runs } from "../pulsemon_ui.elements/elements.js";

const WIDTH = 120, HEIGHT = 34;

function dayLine(values) {
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const known = values.filter((value) => value !== null), high = Math.max(...known), low = Math.min(...known);
  // A day that hardly moves is drawn flat: the scale never covers less than a fifth of the value.
  const range = Math.max(high - low, Math.abs(high) * 0.2) || 1, floor = (high + low - range) / 2;
  const points = values.map((value, index) => value === null ? null
    : [((index * WIDTH) / Math.max(1, values.length - 1)).toFixed(1), (HEIGHT - 3 - (HEIGHT - 6) * ((value - floor) / range)).toFixed(1)]);
  for (const run of runs(points)) {
    const line = run.map((point) => point.join(",")).join(" ");
    svg.append(drawing("polygon", { points: `${run[0][0]},${HEIGHT} ${line} ${run[run.length - 1][0]},${HEIGHT}` }), drawing("polyline", { points: line }));
  }
  return svg;
}

export default function ({ data, parentElement }) {
  const content = JSON.stringify(data);
  if (content === parentElement.pulsemon?.content) return;
  const list = parentElement.pulsemon?.list ?? element("ul", "list");
  if (!parentElement.pulsemon) { const root = element("div", "root"); root.append(list); parentElement.append(root); }
  parentElement.pulsemon = { list, content };
  list.replaceChildren(...data.figures.map((one) => {
    const item = element("li", "figure");
    item.append(element("span", "title", one.title), element("span", "value", one.value), one.line.length ? dayLine(one.line) : element("span"), element("span", "change", one.change));
    return item;
  }));
}
