// Learning curves: hover, zoom by dragging, a logarithmic scale and smoothing.

import { Layers, colour, drawBand, drawFrame } from "./canvas.js";
import { choice, el, number, query, setQuery } from "./dom.js";
import { Axis } from "./model.js";

const METRICS = ["val_accuracy", "accuracy", "val_loss", "loss"];
// Beyond so many curves, thin lines are enough.
const MANY = 200;

export class Curves {
  constructor(model, again) {
    this.model = model;
    this.found = null;
    this.zoom = null;
    this.layers = new Layers("learning curves; the table has the same trials",
      ["base", "chosen", "hover"], (whole) => this.draw(whole));
    this.metric = choice(METRICS, (metric) => { setQuery("metric", metric); this.zoom = null; again(); }, "metric");
    this.metric.value = METRICS.includes(query("metric")) ? query("metric") : METRICS[0];
    this.log = el("input", { type: "checkbox", oninput: () => { this.zoom = null; this.layers.redraw(); } });
    this.smooth = el("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: "0", oninput: () => this.prepare() });
    this.figure = el("figure", { class: "wide" }, el("figcaption", {}, "Learning curves"),
      el("div", { class: "bar small" }, this.metric, el("label", {}, this.log, "log scale"),
        el("label", {}, "smoothing", this.smooth), el("span", { class: "soft" }, "drag to zoom, double-click to reset")),
      this.layers.box);
    this.listen();
    model.onChange(() => this.layers.redraw(false));
  }

  show(found) {
    this.found = found;
    this.prepare();
  }

  prepare() {
    if (!this.found) return;
    const keep = Number(this.smooth.value);
    this.values = this.found.values.map((curve) => smoothed(curve, keep));
    this.layers.redraw();
  }

  axes() {
    let longest = 1;
    for (const curve of this.values) if (curve.length > longest) longest = curve.length;
    const across = new Axis([1, longest], false);
    const up = new Axis(this.values.flat(), this.log.checked);
    if (this.zoom) return [across.zoomed(...this.zoom[0]), up.zoomed(...this.zoom[1])];
    return [across, up];
  }

  draw(whole) {
    if (!this.values?.length || !this.model.rows) return;
    if (whole || this.ofDocument !== this.model.document) this.drawBase();
    if (this.model.count < this.model.rows) this.layers.drawBehind();
    const chosen = this.layers.layer("chosen");
    const few = this.model.count <= MANY;
    const { colours } = this.model;
    this.stroke(chosen, (row) => this.model.on[row], colours ? (row) => colour(colours[row]) : colour("accent"), few ? 1.6 : 0.6, few ? 0.8 : 0.25);
    this.layers.layer("hover");
    this.layers.box.dataset.curves = String(this.shownCurves());
  }

  // Everything that does not depend on the selection.
  drawBase() {
    const base = this.layers.layer("base");
    const { inner } = this.layers;
    this.rowOf = new Map(this.model.columns.job.map((job, row) => [job, row]));
    this.ofDocument = this.model.document;
    this.shownAxes = this.axes();
    drawFrame(base, inner, ...this.shownAxes, "epoch");
    if (this.metric.value === this.model.document.by) drawBand(base, inner, this.shownAxes[1], this.model.band());
    this.layers.behind(() => this.stroke(base, () => true, colour("bar"), 0.6, 0.5));
  }

  shownCurves() {
    return this.found.jobs.reduce((sum, job) => sum + (this.model.on[this.rowOf.get(job)] ? 1 : 0), 0);
  }

  stroke(context, wants, style, width, alpha) {
    const { inner } = this.layers;
    const [across, up] = this.shownAxes;
    context.save();
    context.beginPath();
    context.rect(inner.left, inner.top, inner.width, inner.height);
    context.clip();
    [context.strokeStyle, context.fillStyle, context.lineWidth, context.globalAlpha] = [style, style, width, alpha];
    this.values.forEach((curve, place) => {
      const row = this.rowOf.get(this.found.jobs[place]);
      if (!wants(row, place)) return;
      if (typeof style === "function") context.strokeStyle = context.fillStyle = style(row);
      // A path of thousands of curves is slow to draw, and one of one curve is not.
      context.beginPath();
      let last = null;
      curve.forEach((value, epoch) => {
        if (value === null) return;
        last = [inner.left + inner.width * across.at(epoch + 1), inner.top + inner.height * (1 - up.at(value))];
        context.lineTo(...last);
      });
      context.stroke();
      if (curve.length === 1 && last) context.fillRect(last[0] - 2, last[1] - 2, 4, 4);
    });
    context.restore();
  }

  listen() {
    const { box } = this.layers;
    let start = null;
    box.addEventListener("pointerdown", (event) => { start = this.layers.place(event); box.setPointerCapture(event.pointerId); });
    box.addEventListener("pointermove", (event) => {
      const [x, y] = this.layers.place(event);
      if (start) this.frame(start, [x, y]);
      else this.hover(x, y);
    });
    box.addEventListener("pointerup", (event) => {
      const end = this.layers.place(event);
      if (start && Math.abs(end[0] - start[0]) > 8 && Math.abs(end[1] - start[1]) > 8) this.zoomTo(start, end);
      start = null;
    });
    box.addEventListener("pointerleave", () => { this.layers.say(""); if (this.values?.length) this.layers.layer("hover"); });
    box.addEventListener("dblclick", () => { this.zoom = null; this.layers.redraw(); });
  }

  frame(from, to) {
    const context = this.layers.layer("hover");
    context.strokeStyle = colour("ink");
    context.strokeRect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
  }

  valuesAt([x, y]) {
    const { inner } = this.layers;
    const [across, up] = this.shownAxes;
    return [across.back((x - inner.left) / inner.width), up.back(1 - (y - inner.top) / inner.height)];
  }

  zoomTo(from, to) {
    const [first, second] = [this.valuesAt(from), this.valuesAt(to)];
    this.zoom = [0, 1].map((n) => [Math.min(first[n], second[n]), Math.max(first[n], second[n])]);
    this.layers.redraw();
  }

  hover(x, y) {
    if (!this.shownAxes || !this.model.rows) return;
    const { inner } = this.layers;
    const [across, up] = this.shownAxes;
    const epoch = Math.round(across.back((x - inner.left) / inner.width));
    let [best, nearest] = [20, null];
    this.values.forEach((curve, place) => {
      const value = curve[epoch - 1];
      if (value === null || value === undefined || !this.model.on[this.rowOf.get(this.found.jobs[place])]) return;
      const away = Math.abs(inner.top + inner.height * (1 - up.at(value)) - y);
      if (away < best) [best, nearest] = [away, place];
    });
    const context = this.layers.layer("hover");
    if (nearest === null) { this.layers.say(""); return; }
    this.stroke(context, (_, place) => place === nearest, colour("ink"), 2.5, 1);
    const row = this.rowOf.get(this.found.jobs[nearest]);
    this.layers.say(`${this.model.label(row)}, epoch ${epoch}: ${number(this.found.values[nearest][epoch - 1])}`, x, y);
  }
}

function smoothed(curve, keep) {
  if (!keep) return curve;
  let before = null;
  return curve.map((value) => {
    if (value === null) return null;
    before = before === null ? value : keep * before + (1 - keep) * value;
    return before;
  });
}
