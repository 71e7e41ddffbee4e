// Items per second over time, as this page has seen it: kept in its memory and nowhere else.

import { clock, rate } from "./dom.js";

const POINTS = 1200; // an hour of looks
const HEIGHT = 150;
const RECENT_SECONDS = 90;
const POINT_SECONDS = 2;

export class Rates {
  constructor() {
    this.samples = [];
  }

  // Samples are {at, seen, read, written, done, order}; one that says nothing new is left out.
  add(sample) {
    const last = this.samples.at(-1);
    if (last && sample.at <= last.at) return;
    if (last && sample.seen < last.seen) this.samples = [];
    this.samples.push(sample);
    if (this.samples.length > POINTS) this.samples.shift();
  }

  // Per second over the last while under the order that holds: what a person changes shows at once,
  // and lanes that save seldom do not make it jump. Null before there are two samples.
  recent(name) {
    const last = this.samples.at(-1);
    const since = this.samples.findLastIndex((sample) => sample.order !== last.order) + 1;
    const first = this.samples.find((sample, i) => i >= since && last.at - sample.at <= RECENT_SECONDS);
    if (!last || !first || first === last) return null;
    return (last[name] - first[name]) / (last.at - first.at);
  }

  // Of two looks soon after each other, as after a button, the second says little.
  points() {
    const points = [];
    let last = this.samples[0];
    for (const sample of this.samples.slice(1)) {
      const seconds = sample.at - last.at;
      if (seconds < POINT_SECONDS) continue;
      points.push({ at: sample.at, value: (sample.seen - last.seen) / seconds });
      last = sample;
    }
    return points;
  }
}

export function drawChart(canvas, rates) {
  const width = canvas.parentElement.clientWidth;
  const ratio = window.devicePixelRatio || 1;
  const style = getComputedStyle(document.documentElement);
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${HEIGHT}px`;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = style.getPropertyValue("--quiet");
  const points = rates.points();
  if (points.length < 2) {
    context.fillText("The curve begins with the next looks.", 4, HEIGHT / 2);
    return;
  }
  const top = Math.max(1, ...points.map((point) => point.value));
  const [from, to] = [points[0].at, points.at(-1).at];
  const x = (at) => 2 + ((at - from) / (to - from)) * (width - 4);
  const y = (value) => HEIGHT - 20 - (value / top) * (HEIGHT - 40);
  context.strokeStyle = style.getPropertyValue("--line");
  for (const value of [0, top]) {
    context.beginPath();
    context.moveTo(0, y(value));
    context.lineTo(width, y(value));
    context.stroke();
  }
  context.fillText(`${rate(top)} items/s`, 2, 13);
  context.fillText(clock(from), 2, HEIGHT - 4);
  context.textAlign = "right";
  context.fillText(clock(to), width - 2, HEIGHT - 4);
  context.strokeStyle = style.getPropertyValue("--accent");
  context.lineWidth = 2;
  context.beginPath();
  for (const point of points) context.lineTo(x(point.at), y(point.value));
  context.stroke();
}
