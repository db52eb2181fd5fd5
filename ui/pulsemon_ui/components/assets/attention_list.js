// What is worth a look, one row a link: mark, server, what, value, a small line of shares from 0 to 1, since when.
import { drawing, element, runs } from "../pulsemon_ui.elements/elements.js";

const WIDTH = 116, HEIGHT = 26;

function smallLine(values, limit, level) {
  const svg = drawing("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  svg.append(drawing("rect", { width: WIDTH, height: HEIGHT, rx: 3 }));
  const height = (share) => (HEIGHT - 2 - (HEIGHT - 4) * Math.min(1, Math.max(0, share))).toFixed(1);
  const points = values.map((value, index) => value === null ? null : [((index * WIDTH) / Math.max(1, values.length - 1)).toFixed(1), height(value)]);
  for (const run of runs(points)) svg.append(drawing("polyline", { points: run.map((point) => point.join(",")).join(" ") }));
  if (limit !== null) svg.append(drawing("polyline", { class: `limit ${level}`, points: `0,${height(limit)} ${WIDTH},${height(limit)}` }));
  return svg;
}

function row(one) {
  const link = element("a", "row"), item = element("li"), mark = element("span", `mark ${one.key}`, one.glyph);
  mark.setAttribute("aria-hidden", "true");
  if (one.share !== null && one.key === "value") {
    const fill = element("i");
    fill.style.height = `${Math.round(one.share * 100)}%`;
    mark.append(fill);
  }
  const line = element("span", "line");
  if (one.line.length) line.append(smallLine(one.line, one.limit, one.key));
  const value = element("span", "value", one.value);
  if (one.note) value.append(element("small", "", one.note));
  link.href = one.page;
  link.dataset.id = one.server_id;
  link.append(mark, element("span", "name", one.name), element("span", "about", one.about), value, line, element("span", "age", one.age));
  link.setAttribute("aria-label", [one.name, one.about, one.value, one.note, one.age].filter(Boolean).join(", "));
  item.append(link);
  return item;
}

function build(host) {
  const root = element("div", "root"), list = element("ul", "list"), view = { list };
  root.append(list);
  host.append(root);
  list.addEventListener("click", (event) => {
    const link = event.target.closest(".row");
    if (!link?.dataset.id || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    view.send("open", link.dataset.id);
  });
  return view;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.pulsemon ??= build(parentElement));
  view.send = setTriggerValue;
  const content = JSON.stringify(data);
  if (content === view.content) return;
  view.content = content;
  const index = [...view.list.querySelectorAll(".row")].indexOf(parentElement.activeElement);
  view.list.replaceChildren(...(data.rows.length ? data.rows.map(row) : [element("li", "empty", data.empty)]));
  if (index >= 0) view.list.querySelectorAll(".row")[index]?.focus();
}
