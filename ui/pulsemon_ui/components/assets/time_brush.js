// Dragging over the panels chooses a time. Charts described in JSON cannot do this without a button pressed first, so the
// drag is read here, from where the panels are known to lie on their canvas.
const LEAST_PIXELS = 8;

function panelAt(chart, data, x, y) {
  const box = chart.getBoundingClientRect();
  const column = Math.floor(((x - box.left) / box.width) * data.columns);
  const share = 1 / data.columns;
  const left = box.left + box.width * (column * share + data.left_share), right = left + box.width * data.width_share;
  const row = Math.floor((y - box.top) / data.panel_pixels);
  const top = box.top + row * data.panel_pixels + data.head_pixels;
  const bottom = top + data.panel_pixels - data.head_pixels - data.foot_pixels;
  const inside = x >= left && x <= right && y >= top && y <= bottom && row * data.columns + column < data.count;
  return inside ? { left, right, top, bottom } : null;
}

function timeAt(panel, data, x) {
  const share = Math.min(1, Math.max(0, (x - panel.left) / (panel.right - panel.left)));
  return data.start_ms + share * (data.end_ms - data.start_ms);
}

function draw(view, x) {
  const { panel, from } = view.drag, to = Math.min(panel.right, Math.max(panel.left, x));
  Object.assign(view.brush.style, {
    display: "block", left: `${Math.min(from, to)}px`, width: `${Math.abs(to - from)}px`, top: `${panel.top}px`, height: `${panel.bottom - panel.top}px`,
  });
}

function start(view, event) {
  const chart = document.querySelector(`.st-key-${CSS.escape(view.data.chart)} canvas`);
  if (!chart || event.button || event.pointerType === "touch" || !event.composedPath().includes(chart.parentElement)) return;
  const panel = panelAt(chart, view.data, event.clientX, event.clientY);
  if (panel) view.drag = { panel, from: event.clientX };
}

function end(view, event) {
  if (!view.drag) return;
  const { panel, from } = view.drag;
  view.drag = null;
  view.brush.style.display = "none";
  if (Math.abs(event.clientX - from) < LEAST_PIXELS) return;
  const times = [from, event.clientX].map((x) => Math.round(timeAt(panel, view.data, x) / 1000)).sort((a, b) => a - b);
  view.send("chosen", times.join("-"));
}

function build(host) {
  const brush = document.createElement("div");
  brush.className = "brush";
  host.append(brush);
  return { brush, drag: null };
}

export default function ({ data, parentElement, setTriggerValue }) {
  const view = (parentElement.pulsemon ??= build(parentElement));
  view.data = data;
  view.send = setTriggerValue;
  view.listeners ??= {
    pointerdown: (event) => start(view, event),
    pointermove: (event) => view.drag && draw(view, event.clientX),
    pointerup: (event) => end(view, event),
  };
  for (const [name, listener] of Object.entries(view.listeners)) document.addEventListener(name, listener);
  return () => { for (const [name, listener] of Object.entries(view.listeners)) document.removeEventListener(name, listener); };
}
