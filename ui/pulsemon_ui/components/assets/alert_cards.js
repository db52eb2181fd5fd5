// The open alerts of a server, a card each: what, value against limit, since when, and by which rule.
import { element } from "../pulsemon_ui.elements/elements.js";

function card(one) {
  const item = element("li", `card ${one.key}`), top = element("p"), glyph = element("span", "", `${one.glyph} `), title = element("span", "title");
  item.dataset.id = one.alert_id;
  glyph.setAttribute("aria-hidden", "true");
  title.append(glyph, element("span", "unseen", `${one.level}: `), one.title);
  top.append(title, one.text);
  item.append(top, element("p", "facts", one.facts.join(" · ")));
  return item;
}

export default function ({ data, parentElement }) {
  const content = JSON.stringify(data);
  if (content === parentElement.pulsemon?.content) return;
  const list = parentElement.pulsemon?.list ?? element("ul", "list");
  if (!parentElement.pulsemon) { list.setAttribute("aria-label", "Open alerts"); parentElement.append(list); }
  parentElement.pulsemon = { list, content };
  list.replaceChildren(...data.cards.map(card));
}
