// Rates over time since this page was opened, beside the budget from the ledger, which also covers the
// time before. The lines differ in dash and in lightness.

import { byId, clock, rate } from "./dom.js";

const POINTS = 1200; // an hour of rounds
const HEIGHT = 150;
const PAST_SECONDS = 3600;
const DASH = [6, 4];
const LOOKING = ["DRY_RUN", "VERIFY"];

export class Curves {
  constructor(items, units) {
    this.items = items;
    this.units = units;
    this.clear();
  }

  clear() {
    this.view = null;
    this.points = [];
  }

  // A view without new figures is left out.
  add(view) {
    this.view = view;
    const last = this.points.at(-1);
    if (!view.is_live || !view.pulse || (last && view.observed_at <= last.at)) return;
    const { items_now: items, written_now: write, read_now: read } = view.pulse;
    this.points.push({ at: view.observed_at, items, write, read });
    if (this.points.length > POINTS) this.points.shift();
  }

  draw() {
    if (!this.view) return;
    this.drawItems();
    this.drawUnits();
  }

  drawItems() {
    const line = known(this.points, "items");
    const span = line.length > 1 ? [line[0].at, line.at(-1).at] : null;
    const now = line.length ? `, ${rate(line.at(-1).value)} now` : "";
    this.items.setAttribute("aria-label", `Items per second since you opened this page${now}.`);
    drawChart(this.items, { span, line, steps: [], unit: "items/s" });
  }

  drawUnits() {
    const verb = this.verb();
    const line = known(this.points, verb);
    const to = (!this.view.is_live && this.view.ended_at) || this.view.observed_at;
    const steps = this.view.budget.map((step) => ({ at: step.at, value: step[verb] }));
    const recent = steps.filter((step) => step.at > to - PAST_SECONDS && step.at < to);
    const from = Math.min(...[...line, ...recent].map((point) => point.at));
    const span = from < to ? [from, to] : null;
    byId("units-title").textContent = `${verb === "write" ? "Write" : "Read"} units per second`;
    this.units.setAttribute("aria-label", inWords(verb, line, steps));
    drawChart(this.units, { span, line, steps, unit: "units/s" });
  }

  // Reads limit a mode that does not write, and a migration with only a read budget.
  verb() {
    const has = (verb) => this.view.budget.some((step) => step[verb]);
    const onlyReads = has("read") && !has("write");
    return LOOKING.includes(this.view.mode) || onlyReads ? "read" : "write";
  }
}

const known = (points, name) =>
  points
    .filter((point) => point[name] !== null)
    .map((point) => ({ at: point.at, value: point[name] }));

function inWords(verb, line, steps) {
  const used = line.length ? `${rate(line.at(-1).value)} used now` : "use unknown so far";
  const shown = steps.slice(-10).map((step) => `${budgetWords(step.value)} from ${clock(step.at)}`);
  const budget = shown.length ? `Budget: ${shown.join(", ")}.` : "No budget is known.";
  return `${verb === "write" ? "Write" : "Read"} units per second: ${used}. ${budget}`;
}

function budgetWords(value) {
  if (value === null) return "no limit";
  return value ? rate(value) : "0 (paused or ended)";
}

function drawChart(canvas, { span, line, steps, unit }) {
  const width = canvas.parentElement.clientWidth;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name);
  const context = cleared(canvas, width);
  context.fillStyle = colour("--quiet");
  if (!span) {
    context.fillText("The curve begins with the next updates.", 4, HEIGHT / 2);
    return;
  }
  const [from, to] = span;
  const inside = steps.filter((step, i) => !steps[i + 1] || steps[i + 1].at > from);
  const top = Math.max(1, ...[...line, ...inside].map((point) => point.value || 0));
  const x = (at) => 2 + ((at - from) / (to - from)) * (width - 4);
  const y = (value) => HEIGHT - 20 - (value / top) * (HEIGHT - 40);
  drawFrame(context, { width, span, top, unit, y, line: colour("--line") });
  context.lineWidth = 2;
  context.strokeStyle = colour("--accent");
  context.beginPath();
  for (const point of line) context.lineTo(x(point.at), y(point.value));
  context.stroke();
  context.strokeStyle = colour("--text");
  context.setLineDash(DASH);
  drawSteps(context, inside, { span, x, y });
}

function cleared(canvas, width) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = "12px system-ui, sans-serif";
  return context;
}

function drawFrame(context, { width, span, top, unit, y, line }) {
  context.strokeStyle = line;
  for (const value of [0, top]) {
    context.beginPath();
    context.moveTo(0, y(value));
    context.lineTo(width, y(value));
    context.stroke();
  }
  context.fillText(`${rate(top)} ${unit}`, 2, 13);
  context.fillText(clock(span[0]), 2, HEIGHT - 4);
  context.textAlign = "right";
  context.fillText(clock(span[1]), width - 2, HEIGHT - 4);
}

// A gap where there is no limit, or where the ledger does not know it.
function drawSteps(context, steps, { span, x, y }) {
  const [from, to] = span;
  context.beginPath();
  let before = null;
  steps.forEach((step, i) => {
    if (step.value !== null) {
      const [begin, end] = [Math.max(step.at, from), steps[i + 1] ? steps[i + 1].at : to];
      if (before === null) context.moveTo(x(begin), y(step.value));
      else context.lineTo(x(begin), y(step.value));
      context.lineTo(x(Math.min(end, to)), y(step.value));
    }
    before = step.value;
  });
  context.stroke();
}
