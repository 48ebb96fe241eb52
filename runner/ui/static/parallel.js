// Parallel coordinates: a line for each trial, and a brush on every axis.

import { Layers, colour, fitted } from "./canvas.js";
import { Density, MANY, Strokes } from "./density.js";
import { el, number } from "./dom.js";
import { Axis, plainName } from "./model.js";

const MOST_AXES = 8;
const LEAST_WIDTH = 92;
const EDGE = { left: 16, right: 46, top: 26, bottom: 14 };
// Shades from the worst to the best value of the metric.
const SHADES = { light: [[198, 208, 220], [11, 92, 173]], dark: [[66, 74, 84], [120, 190, 255]] };
const STEPS = 6;

export class Parallel {
  constructor(model) {
    this.model = model;
    this.layers = new Layers("parallel coordinates of the params and the metric; the table has the same trials",
      ["base", "chosen", "brush"], (whole) => this.draw(whole));
    this.names = [];
    this.clear = el("button", { type: "button", onclick: () => { for (const name of [...model.ranges.keys()]) model.ranges.delete(name); model.select(); } }, "Clear selection");
    this.figure = el("figure", { class: "wide" }, el("figcaption", {}, "Params and result"),
      el("div", { class: "bar small" }, this.clear, el("span", { class: "soft" }, "drag along an axis to select trials; click it to clear its selection")),
      this.layers.box);
    this.listen();
    model.onChange(() => this.layers.redraw(false));
  }

  // The params that vary, the most important first, and the metric.
  prepare() {
    const { document: found } = this.model;
    const important = (found.influence?.params ?? []).map((each) => `params.${each.param}`);
    const varied = [...new Set([...important, ...found.differing])].filter((name) => found.differing.includes(name));
    this.varied = varied.length;
    this.names = [...varied.slice(0, this.most() - 1), this.model.by].filter((name) => name in this.model.columns);
    this.axes = this.names.map((name) => new Axis(this.model.columns[name]));
    this.layers.redraw();
  }

  // As many axes as there is room for.
  most() {
    return Math.max(2, Math.min(MOST_AXES, Math.floor(this.layers.box.clientWidth / LEAST_WIDTH)));
  }

  x(place) {
    const width = this.layers.width - EDGE.left - EDGE.right;
    return EDGE.left + (this.names.length < 2 ? width / 2 : (width * place) / (this.names.length - 1));
  }

  // The room between two axes.
  room() {
    return this.names.length < 2 ? this.layers.width : this.x(1) - this.x(0);
  }

  y(share) {
    return EDGE.top + (this.layers.height - EDGE.top - EDGE.bottom) * (1 - share);
  }

  draw(whole) {
    const chosen = this.layers.layer("chosen");
    const brush = this.layers.layer("brush");
    if (this.names.length > this.most() || this.names.length < Math.min(this.most(), this.varied + 1)) { this.prepare(); return; }
    if (!this.names.length || !this.model.rows) return;
    if (whole) this.drawBase();
    if (this.model.count < this.model.rows) this.layers.drawBehind();
    this.shaded(chosen);
    this.drawAxes(brush);
    this.layers.box.dataset.lines = String(this.model.count);
  }

  // Everything that does not depend on the selection.
  drawBase() {
    this.places = this.axes.map((axis, n) => {
      const column = this.model.columns[this.names[n]];
      return Float32Array.from({ length: this.model.rows }, (_, row) => {
        const at = axis.at(column[row]);
        return at === null ? NaN : this.y(at);
      });
    });
    // Lines that look the same are drawn once: 10,000 trials of a grid have far fewer.
    const numbers = new Map();
    this.looks = Int32Array.from({ length: this.model.rows }, (_, row) => {
      const key = this.places.map((column) => column[row] | 0).join();
      if (!numbers.has(key)) numbers.set(key, numbers.size);
      return numbers.get(key);
    });
    this.distinct = numbers.size;
    this.xs = this.names.map((_, n) => this.x(n));
    const base = this.layers.layer("base");
    this.layers.behind(() => {
      const pen = this.pen(base);
      this.lines(pen, () => true, colour("bar"), 0.35);
      pen.show();
    });
  }

  // The best are drawn last, on top.
  shaded(context) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const [from, to] = SHADES[dark ? "dark" : "light"];
    const values = this.model.columns[this.model.by];
    const axis = this.axes.at(-1);
    const small = this.model.document.order === "smallest first";
    const step = Uint8Array.from({ length: this.model.rows }, (_, row) => {
      const at = axis.at(values?.[row] ?? null);
      return at === null ? 0 : Math.min(STEPS - 1, Math.floor((small ? 1 - at : at) * STEPS));
    });
    const pen = this.pen(context);
    for (let each = 0; each < STEPS; each++) {
      const mix = from.map((low, n) => Math.round(low + ((to[n] - low) * each) / (STEPS - 1)));
      this.lines(pen, (row) => this.model.on[row] && step[row] === each, `rgb(${mix})`,
        this.model.count > 500 ? 0.5 : 0.9);
    }
    pen.show();
  }

  pen(context) {
    const box = { left: 0, top: 0, width: this.layers.width, height: this.layers.height };
    return this.distinct > MANY ? new Density(context, box) : new Strokes(context);
  }

  lines(pen, wants, style, alpha) {
    const { places, looks, xs } = this;
    const seen = new Uint8Array(this.model.rows);
    for (let row = 0; row < this.model.rows; row++) {
      if (seen[looks[row]] || !wants(row)) continue;
      seen[looks[row]] = 1;
      for (let n = 1; n < places.length; n++) {
        const [from, to] = [places[n - 1][row], places[n][row]];
        if (!Number.isNaN(from) && !Number.isNaN(to)) pen.line(xs[n - 1], from, xs[n], to);
      }
    }
    pen.lay(style, alpha);
  }

  drawAxes(context) {
    this.names.forEach((name, n) => {
      const x = this.x(n);
      context.strokeStyle = colour("ink");
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, this.y(0));
      context.lineTo(x, this.y(1));
      context.stroke();
      context.fillStyle = colour("ink");
      context.textAlign = "center";
      context.textBaseline = "alphabetic";
      const text = fitted(context, plainName(name), this.room() - 10);
      // Those at the edges stay inside the figure.
      const half = context.measureText(text).width / 2;
      context.fillText(text, Math.min(Math.max(x, half), this.layers.width - half), 14);
      this.drawTicks(context, n, x);
      this.drawRange(context, name, n, x);
    });
  }

  drawTicks(context, n, x) {
    const [first, last] = [n === 0, n === this.names.length - 1];
    const onRight = first || last;
    // Those of the first two axes share the room between them.
    const room = last ? EDGE.right - 6 : (n < 2 ? this.room() / 2 : this.room()) - 10;
    context.textAlign = onRight ? "left" : "right";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = colour("paper");
    context.fillStyle = colour("soft");
    for (const [value, whole] of this.axes[n].ticks(5)) {
      const text = fitted(context, whole, room);
      const [left, top] = [x + (onRight ? 5 : -5), this.y(this.axes[n].at(value))];
      context.strokeText(text, left, top);
      context.fillText(text, left, top);
    }
  }

  drawRange(context, name, n, x) {
    const range = this.model.ranges.get(name);
    if (!range) return;
    const shares = range instanceof Set
      ? [...range].map((word) => this.axes[n].at(word)) : range.map((value) => this.axes[n].at(value));
    const [low, high] = [Math.min(...shares), Math.max(...shares)];
    context.fillStyle = colour("accent");
    context.globalAlpha = 0.35;
    context.fillRect(x - 7, this.y(high) - 3, 14, this.y(low) - this.y(high) + 6);
    context.globalAlpha = 1;
  }

  listen() {
    const { box } = this.layers;
    let [axis, from] = [null, 0];
    const share = (y) => Math.min(1, Math.max(0, (this.y(0) - y) / (this.y(0) - this.y(1))));
    box.addEventListener("pointerdown", (event) => {
      const [x, y] = this.layers.place(event);
      const near = this.names.findIndex((_, n) => Math.abs(this.x(n) - x) < 18);
      if (near < 0) return;
      event.preventDefault();
      [axis, from] = [near, y];
      box.setPointerCapture(event.pointerId);
    });
    box.addEventListener("pointermove", (event) => {
      const [x, y] = this.layers.place(event);
      if (axis !== null && Math.abs(y - from) > 3) this.brush(axis, share(from), share(y));
      else box.style.cursor = this.names.some((_, n) => Math.abs(this.x(n) - x) < 18) ? "ns-resize" : "";
    });
    box.addEventListener("pointerup", (event) => {
      const [, y] = this.layers.place(event);
      if (axis !== null) {
        if (Math.abs(y - from) <= 3) this.model.brush(this.names[axis], null);
        else this.brush(axis, share(from), share(y));
      }
      axis = null;
    });
  }

  brush(n, first, second) {
    const [low, high] = [Math.min(first, second), Math.max(first, second)];
    const axis = this.axes[n];
    if (axis.isNumber) this.model.brush(this.names[n], [axis.back(low), axis.back(high)]);
    else this.model.brush(this.names[n], new Set(axis.words.filter((word) => axis.at(word) >= low && axis.at(word) <= high)));
  }

  describe() {
    return [...this.model.ranges].map(([name, range]) => (range instanceof Set
      ? `${plainName(name)} in ${[...range].join(", ")}` : `${plainName(name)} ${number(range[0], 3)} to ${number(range[1], 3)}`)).join("; ");
  }
}
