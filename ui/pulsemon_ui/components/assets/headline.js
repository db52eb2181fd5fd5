// The sentence, how old the data are (it keeps ticking when the server is away), and the statuses as filters.
import { duration, element } from "../pulsemon_ui.elements/elements.js";

const OLD_SECONDS = 30, DEAD_SECONDS = 120;

function build(host) {
  const root = element("div", "root"), top = element("div", "top");
  const sentence = element("p", "sentence"), fresh = element("time", "fresh"), chips = element("ul", "chips");
  sentence.setAttribute("role", "status");
  chips.setAttribute("aria-label", "Show only servers that are");
  top.append(sentence, fresh);
  root.append(top, chips);
  host.append(root);
  return { root, sentence, fresh, chips, buttons: new Map(), text: null };
}

function tick(view) {
  if (view.ageSeconds === null) { view.fresh.textContent = ""; return; }
  const seconds = view.ageSeconds + (performance.now() - view.receivedAt) / 1000;
  const level = seconds > DEAD_SECONDS ? "dead" : seconds > OLD_SECONDS ? "old" : "fresh";
  const glyph = { dead: "◆ ", old: "▲ ", fresh: "" }[level];
  view.fresh.dataset.level = level;
  view.fresh.textContent = `${glyph}Data ${duration(Math.max(0, seconds))} old`;
}

function chip(view, one) {
  let button = view.buttons.get(one.key);
  if (!button) {
    button = element("button", "chip");
    button.type = "button";
    button.append(element("span", `glyph ${one.key}`, one.glyph), element("b"), element("span", "", one.title));
    button.firstChild.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => view.send("toggle", one.key));
    view.buttons.set(one.key, button);
    const item = element("li");
    item.append(button);
    view.chips.append(item);
  }
  button.children[1].textContent = one.count;
  button.setAttribute("aria-pressed", String(one.pressed));
  return button.parentElement;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.pulsemon ??= build(parentElement));
  view.send = setTriggerValue;
  view.ageSeconds = data.age_seconds;
  view.receivedAt = performance.now();
  view.fresh.dateTime = data.as_of_ms === null ? "" : new Date(data.as_of_ms).toISOString();
  const text = data.parts.map((part) => part.text).join("");
  if (text !== view.text) { // a status region speaks whenever it changes, so it changes only with its words
    view.sentence.replaceChildren(...data.parts.map((part) => element("span", part.tone, part.text)));
    view.text = text;
  }
  const keys = new Set(data.chips.map((one) => one.key));
  for (const [key, button] of view.buttons) if (!keys.has(key)) { button.parentElement.remove(); view.buttons.delete(key); }
  data.chips.forEach((one, index) => { // only what is out of its place is moved: moving takes the focus away
    const item = chip(view, one), there = view.chips.children[index];
    if (there !== item) view.chips.insertBefore(item, there ?? null);
  });
  tick(view);
  view.timer ??= setInterval(() => tick(view), 1000);
  return () => { clearInterval(view.timer); view.timer = undefined; };
}
