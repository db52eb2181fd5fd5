// Key figures: title, newest value, a line of the last day, how it differs from a day before.
const WIDTH = 120, HEIGHT = 34, SVG = "http://www.w3.org/2000/svg";

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function drawing(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function dayLine(values) {
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const known = values.filter((value) => value !== null), high = Math.max(...known), low = Math.min(...known);
  // A day that hardly moves is drawn flat: the scale never covers less than a fifth of the value.
  const range = Math.max(high - low, Math.abs(high) * 0.2) || 1, floor = (high + low - range) / 2;
  let run = [];
  const flush = () => {
    if (run.length > 1) {
      const line = run.map((point) => point.join(",")).join(" ");
      svg.append(drawing("polygon", { points: `${run[0][0]},${HEIGHT} ${line} ${run[run.length - 1][0]},${HEIGHT}` }), drawing("polyline", { points: line }));
    }
    run = [];
  };
  values.forEach((value, index) => {
    if (value === null) return flush();
    run.push([((index * WIDTH) / Math.max(1, values.length - 1)).toFixed(1), (HEIGHT - 3 - (HEIGHT - 6) * ((value - floor) / range)).toFixed(1)]);
  });
  flush();
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
