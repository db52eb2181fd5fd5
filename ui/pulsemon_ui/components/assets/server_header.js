// The head of a server's page; how long ago it was seen keeps ticking when the page's server is away.
import { duration, element } from "../pulsemon_ui.elements/elements.js";

const NARROW_PIXELS = 700;

function build(host) {
  const root = element("div", "root"), name = element("h1"), pill = element("p", "pill"), glyph = element("i"), words = element("span"), about = element("span", "about");
  glyph.setAttribute("aria-hidden", "true");
  pill.setAttribute("role", "status");
  pill.append(glyph, words);
  root.append(name, pill, about);
  host.append(root);
  return { name, pill, glyph, words, about };
}

function tick(view) {
  const seconds = view.data.age_seconds === null ? null : Math.max(0, view.data.age_seconds + (performance.now() - view.receivedAt) / 1000);
  view.about.textContent = [...view.data.tags, ...(seconds === null ? [] : [`last seen ${duration(seconds)} ago`])].join(" · ");
}

// The charts below are drawn by the server, which cannot see how wide they will be.
function tellWidth(view, setStateValue) {
  const narrow = innerWidth < NARROW_PIXELS;
  if (narrow !== view.narrow) { view.narrow = narrow; setStateValue("narrow", narrow); }
}

export default function ({ data, parentElement, setStateValue }) {
  const view = (parentElement.pulsemon ??= build(parentElement));
  if (view.narrow === undefined) view.narrow = data.narrow;
  tellWidth(view, setStateValue);
  view.resized ??= () => tellWidth(view, setStateValue);
  addEventListener("resize", view.resized);
  view.data = data;
  view.receivedAt = performance.now();
  view.name.textContent = data.name;
  view.pill.className = `pill ${data.status}`;
  view.glyph.textContent = data.glyph;
  if (view.words.textContent !== data.words) view.words.textContent = data.words;
  tick(view);
  view.timer ??= setInterval(() => tick(view), 1000);
  return () => { clearInterval(view.timer); view.timer = undefined; removeEventListener("resize", view.resized); };
}
