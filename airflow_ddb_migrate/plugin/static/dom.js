// Texts and elements. Text from AWS or from a person enters the page only by textContent.

export const byId = (id) => document.getElementById(id);

export function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function row(...cells) {
  const tr = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.append(cell);
    tr.append(td);
  }
  return tr;
}

export function pairs(list, entries) {
  list.replaceChildren(
    ...entries.map(([name, value, more]) => {
      const div = document.createElement("div");
      div.append(make("dt", name), make("dd", value));
      if (more) div.append(make("dd", more, "quiet"));
      return div;
    }),
  );
}

export function trouble(words) {
  const box = byId("trouble");
  box.hidden = !words;
  box.textContent = words;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const count = (value) => whole.format(value);
export const rate = (value) => (value >= 1000 ? whole.format(value) : short.format(value));
// In the same format as core/text/figures.py.
export function dollars(value) {
  if (!(value > 0 && value < 0.01)) return `$${cents.format(value)}`;
  if (value < 1e-6) return "under $0.000001";
  return `$${value.toFixed(Math.min(6, 1 - Math.floor(Math.log10(value))))}`;
}
export const when = (seconds) =>
  seconds ? new Date(seconds * 1000).toLocaleString(undefined, { hour12: false }) : "";
export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(undefined, { hour12: false });

export function duration(seconds) {
  if (seconds < 90) return `${whole.format(seconds)} s`;
  if (seconds < 5400) return `${whole.format(seconds / 60)} min`;
  if (seconds < 172800) return `${short.format(seconds / 3600)} h`;
  return `${short.format(seconds / 86400)} days`;
}
