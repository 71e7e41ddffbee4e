// All lanes as cells. A lane is a segment, or several above 10,000 segments.
// States differ in lightness and in pattern, not only in colour.

import { onTheme } from "./theme.js";

const STATES = [
  ["p", "pending", "--pending"],
  ["r", "running", "--running"],
  ["d", "done", "--done"],
  ["f", "failed", "--failed"],
];
const NAMES = Object.fromEntries(STATES.map(([letter, name]) => [letter, name]));
const HEIGHT = 400;
const LARGEST = 26;
const SMALLEST = 3;
const PATTERNED = 7; // smaller cells differ only in lightness

function cellSize(lanes, width) {
  for (let size = LARGEST; size > SMALLEST; size -= 1) {
    if (Math.ceil(lanes / Math.floor(width / size)) * size <= HEIGHT) return size;
  }
  return SMALLEST;
}

function mark(context, letter, x, y, size, ink) {
  if (size < PATTERNED) return;
  const inner = size - 1;
  context.fillStyle = ink;
  context.strokeStyle = ink;
  if (letter === "r") {
    const dot = Math.max(2, Math.round(size / 3));
    context.fillRect(x + (inner - dot) / 2, y + (inner - dot) / 2, dot, dot);
  } else if (letter === "f") {
    context.lineWidth = Math.max(1, size / 8);
    context.beginPath();
    context.moveTo(x + 1, y + 1);
    context.lineTo(x + inner - 1, y + inner - 1);
    context.moveTo(x + inner - 1, y + 1);
    context.lineTo(x + 1, y + inner - 1);
    context.stroke();
  }
}

export class HeatMap {
  // `onLook(lane, letter)` gets the selected cell; null if none is selected.
  constructor(canvas, legend, onLook) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.legend = legend;
    this.onLook = onLook;
    this.lanes = "";
    this.segments = 0;
    this.drawn = "";
    this.selected = -1;
    this.readColours();
    onTheme(() => {
      this.readColours();
      this.redraw();
      this.showLegend();
    });
    new ResizeObserver(() => this.redraw()).observe(canvas.parentElement);
    canvas.addEventListener("mousemove", (event) => this.look(this.laneAt(event)));
    canvas.addEventListener("mouseleave", () => {
      if (document.activeElement !== canvas) this.look(-1);
    });
    canvas.addEventListener("keydown", (event) => this.onKey(event));
    canvas.addEventListener("focus", () => this.look(Math.max(0, this.selected)));
    canvas.addEventListener("blur", () => this.look(-1));
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    this.colours = Object.fromEntries(STATES.map(([letter, , name]) => [letter, of(name)]));
    this.ink = { r: of("--running-ink"), f: of("--failed-ink") };
    this.ring = of("--text");
    this.ground = of("--panel");
  }

  show(lanes, segments) {
    this.lanes = lanes;
    this.segments = segments;
    if (lanes.length !== this.drawn.length) this.redraw();
    else this.drawChanged();
    this.showLegend();
  }

  // A lane is named by its first segment.
  nameOf(lane) {
    const own = Math.ceil((this.segments - lane) / this.lanes.length);
    const name = lane.toLocaleString("en");
    return own > 1 ? `Lane ${name}, ${own} segments` : `Segment ${name}`;
  }

  redraw() {
    const width = this.canvas.parentElement.clientWidth;
    if (!this.lanes || !width) return;
    this.size = cellSize(this.lanes.length, width);
    this.columns = Math.floor(width / this.size);
    const rows = Math.ceil(this.lanes.length / this.columns);
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = this.columns * this.size * ratio;
    this.canvas.height = rows * this.size * ratio;
    this.canvas.style.width = `${this.columns * this.size}px`;
    this.canvas.style.height = `${rows * this.size}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (let lane = 0; lane < this.lanes.length; lane += 1) this.draw(lane);
    this.drawn = this.lanes;
    this.drawRing();
  }

  drawChanged() {
    for (let lane = 0; lane < this.lanes.length; lane += 1) {
      if (this.lanes[lane] !== this.drawn[lane]) this.draw(lane);
    }
    this.drawn = this.lanes;
    this.drawRing();
  }

  draw(lane) {
    const letter = this.lanes[lane];
    const x = (lane % this.columns) * this.size;
    const y = Math.floor(lane / this.columns) * this.size;
    this.context.fillStyle = this.ground;
    this.context.fillRect(x, y, this.size, this.size);
    this.context.fillStyle = this.colours[letter];
    this.context.fillRect(x, y, this.size - 1, this.size - 1);
    mark(this.context, letter, x, y, this.size, this.ink[letter]);
  }

  drawRing() {
    if (this.selected < 0) return;
    const x = (this.selected % this.columns) * this.size;
    const y = Math.floor(this.selected / this.columns) * this.size;
    this.context.strokeStyle = this.ring;
    this.context.lineWidth = 2;
    this.context.strokeRect(x, y, this.size - 1, this.size - 1);
  }

  showLegend() {
    const numbers = { p: 0, r: 0, d: 0, f: 0 };
    for (const letter of this.lanes) numbers[letter] += 1;
    this.legend.replaceChildren(
      ...STATES.map(([letter, name]) => {
        const item = document.createElement("li");
        const swatch = document.createElement("canvas");
        swatch.width = 14;
        swatch.height = 14;
        const context = swatch.getContext("2d");
        context.fillStyle = this.colours[letter];
        context.fillRect(0, 0, 14, 14);
        mark(context, letter, 0, 0, 15, this.ink[letter]);
        item.append(swatch, ` ${numbers[letter].toLocaleString("en")} ${name}`);
        return item;
      }),
    );
    const cell = this.segments > this.lanes.length ? "lane" : "segment";
    this.canvas.setAttribute(
      "aria-label",
      `Map of ${this.lanes.length} ${cell}s: ` +
        STATES.map(([letter, name]) => `${numbers[letter]} ${name}`).join(", ") +
        `. Arrow keys move between ${cell}s. F moves to the next failed ${cell}.`,
    );
  }

  laneAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.size);
    const lane = Math.floor((event.clientY - box.top) / this.size) * this.columns + column;
    return column < this.columns && lane < this.lanes.length ? lane : -1;
  }

  onKey(event) {
    const last = this.lanes.length - 1;
    const from = Math.max(0, this.selected);
    const failed = this.lanes.indexOf("f", from + 1);
    const to = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      ArrowUp: from - this.columns,
      ArrowDown: from + this.columns,
      Home: 0,
      End: last,
      f: failed >= 0 ? failed : this.lanes.indexOf("f"),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to <= last) this.look(to);
  }

  look(lane) {
    if (lane === this.selected) return;
    const before = this.selected;
    this.selected = lane;
    if (!this.lanes) return;
    if (before >= 0) {
      this.redrawAround(before);
    }
    this.drawRing();
    this.onLook(lane < 0 ? null : lane, NAMES[this.lanes[lane]] || "");
  }

  redrawAround(lane) {
    for (const step of [-this.columns, 0, this.columns]) {
      for (const side of [-1, 0, 1]) {
        const near = lane + step + side;
        if (near >= 0 && near < this.lanes.length) this.draw(near);
      }
    }
  }
}
