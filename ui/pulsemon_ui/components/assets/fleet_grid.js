// One tile a server. A tile is a link, so it opens in a new tab as links do; a plain click stays in the session.
import { element } from "../pulsemon_ui.elements/elements.js";

const LARGE_UNTIL = 80;
const MOST_HEAT = 52; // percent of the accent: text keeps 5:1 on it in both themes

function build(host) {
  const root = element("div", "root"), groups = element("div", "groups");
  const legend = element("div", "legend"), tip = element("div", "tip");
  legend.setAttribute("aria-hidden", "true");
  tip.setAttribute("aria-hidden", "true");
  root.append(groups, legend, tip);
  host.append(root);
  const view = { root, groups, legend, tip, rows: new Map(), tiles: new Map() };
  groups.addEventListener("mouseover", (event) => showTip(view, event.target.closest(".tile")));
  groups.addEventListener("focusin", (event) => showTip(view, event.target.closest(".tile")));
  groups.addEventListener("mouseleave", () => showTip(view, null));
  groups.addEventListener("focusout", () => showTip(view, null));
  groups.addEventListener("keydown", (event) => move(view, event));
  groups.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    view.send("open", tile.dataset.id);
  });
  return view;
}

function showTip(view, tile) {
  view.tip.style.display = tile ? "block" : "none";
  if (!tile) return;
  view.tip.replaceChildren(element("b", "", tile.pulsemon.name), ...tile.pulsemon.lines.map((line) => element("div", "", line)));
  const place = tile.getBoundingClientRect(), width = view.tip.offsetWidth, height = view.tip.offsetHeight;
  view.tip.style.left = `${Math.max(8, Math.min(innerWidth - width - 8, place.left))}px`;
  view.tip.style.top = `${place.bottom + height + 10 > innerHeight ? place.top - height - 6 : place.bottom + 6}px`;
}

function move(view, event) {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  const all = [...view.groups.querySelectorAll(".tile")], index = all.indexOf(tile);
  const next = { ArrowRight: all[index + 1], ArrowLeft: all[index - 1], Home: all[0], End: all[all.length - 1],
    ArrowDown: nearest(all, tile, 1), ArrowUp: nearest(all, tile, -1) }[event.key];
  if (!next) return;
  event.preventDefault();
  tile.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function nearest(all, tile, direction) {
  const from = tile.getBoundingClientRect();
  let best = null, least = Infinity;
  for (const other of all) {
    const place = other.getBoundingClientRect(), down = (place.top - from.top) * direction;
    const distance = down * 3 + Math.abs(place.left - from.left);
    if (down > 4 && distance < least) { least = distance; best = other; }
  }
  return best;
}

function tileFor(view, one) {
  let tile = view.tiles.get(one.server_id);
  if (!tile) {
    tile = element("a");
    tile.dataset.id = one.server_id;
    tile.href = `/server?id=${encodeURIComponent(one.server_id)}`;
    tile.tabIndex = -1;
    const item = element("li");
    item.append(tile);
    view.tiles.set(one.server_id, tile);
  }
  const isHeat = one.heat !== null;
  tile.pulsemon = one;
  tile.className = `tile ${one.status}${isHeat ? " heat" : ""}`;
  tile.style.background = isHeat ? `color-mix(in srgb, var(--st-primary-color) ${Math.round(4 + (MOST_HEAT - 4) * one.heat)}%, transparent)` : "";
  if (tile.textContent !== one.text) tile.textContent = one.text;
  tile.setAttribute("aria-label", [one.name, ...one.lines].join(", "));
  return tile.parentElement;
}

function rowFor(view, group) {
  let row = view.rows.get(group.name);
  if (!row) {
    row = { root: element("div", "group"), head: element("div", "head", group.name), count: element("span"), tiles: element("ul", "tiles") };
    row.head.append(row.count);
    row.root.append(row.head, row.tiles);
    view.rows.set(group.name, row);
  }
  row.count.textContent = group.count;
  row.tiles.setAttribute("aria-label", `${group.name}, ${group.count}`);
  return row;
}

function drawLegend(view, legend) {
  const key = JSON.stringify(legend);
  if (view.legendKey === key) return;
  view.legendKey = key;
  view.legend.replaceChildren(...legend.map((one) => {
    const item = element("span"), ramp = one.key === "ramp";
    item.append(element("i", ramp ? "ramp" : `mark ${one.key}`, ramp ? "" : one.glyph), one.title);
    return item;
  }));
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.pulsemon ??= build(parentElement));
  view.send = setTriggerValue;
  const focused = parentElement.activeElement?.closest?.(".tile");
  const seen = new Set();
  view.groups.replaceChildren(...data.groups.map((group) => {
    const row = rowFor(view, group);
    row.tiles.replaceChildren(...group.tiles.map((one) => (seen.add(one.server_id), tileFor(view, one))));
    return row.root;
  }));
  for (const id of [...view.tiles.keys()]) if (!seen.has(id)) view.tiles.delete(id);
  const names = new Set(data.groups.map((group) => group.name));
  for (const name of [...view.rows.keys()]) if (!names.has(name)) view.rows.delete(name);
  if (focused && seen.has(focused.dataset.id)) focused.focus();
  if (!view.groups.querySelector('.tile[tabindex="0"]')) { const first = view.groups.querySelector(".tile"); if (first) first.tabIndex = 0; }
  view.root.dataset.size = seen.size <= LARGE_UNTIL ? "large" : "small";
  drawLegend(view, data.legend);
}
