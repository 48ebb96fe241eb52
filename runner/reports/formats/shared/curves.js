// Learning curves: hover, zoom by dragging, a logarithmic scale and smoothing.

import { Layers, colour, drawBand, drawFrame } from "./canvas.js";
import { Density, MANY } from "./density.js";
import { choice, el, number, offer, query, setQuery } from "./dom.js";
import { groupsOf, quartiles } from "./groups.js";
import { Axis, plainName } from "./model.js";

// As many pixels may be between the pointer and what it points at.
const NEAR = 20;
const METRICS = ["val_accuracy", "accuracy", "val_loss", "loss"];

export class Curves {
  constructor(model, again) {
    this.model = model;
    this.found = null;
    this.zoom = null;
    this.layers = new Layers("learning curves; the table has the same trials",
      ["base", "chosen", "hover"], (whole) => this.draw(whole));
    this.metric = choice(METRICS, (metric) => { setQuery("metric", metric); this.zoomTo(null); again(); }, "metric");
    this.metric.value = METRICS.includes(query("metric")) ? query("metric") : METRICS[0];
    this.log = el("input", { type: "checkbox", oninput: () => this.zoomTo(null) });
    this.smooth = el("input", { type: "range", min: 0, max: 0.95, step: 0.05, value: "0", oninput: () => this.prepare() });
    this.group = choice([], (column) => { setQuery("group", column); this.layers.redraw(false); });
    this.groupLabel = el("label", { hidden: true }, "Group by", this.group);
    this.reset = el("button", { type: "button", hidden: true, onclick: () => this.zoomTo(null) }, "Reset zoom");
    this.legend = el("p", { class: "small legend", hidden: true });
    this.none = el("p", { class: "soft", hidden: true }, "No epoch has been trained yet.");
    this.figure = el("figure", { class: "wide" }, el("figcaption", {}, "Learning curves"),
      el("div", { class: "bar small" }, this.metric, this.groupLabel, el("label", {}, this.log, "Log scale"),
        el("label", {}, "Smoothing", this.smooth), this.reset, el("span", { class: "soft" }, "drag to zoom")),
      this.none, this.layers.box, this.legend);
    this.listen();
    model.onChange(() => this.layers.redraw(false));
  }

  show(found) {
    this.found = found;
    const empty = !found.values.some((curve) => curve.length);
    [this.none.hidden, this.layers.box.hidden] = [!empty, empty];
    this.prepare();
  }

  // The params by which trials can be grouped.
  offerGroups() {
    const { differing } = this.model.document;
    this.groupLabel.hidden = differing.length === 0;
    if (this.group.options.length === differing.length + 1) return;
    const wanted = this.group.value || query("group");
    offer(this.group, [["", "nothing"], ...differing.map((name) => [name, plainName(name)])]);
    this.group.value = differing.includes(wanted) ? wanted : "";
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
    this.groups = this.grouped();
    if (this.groups) this.drawGroups(chosen);
    else this.stroke(chosen, (row) => this.model.on[row], colours ? (row) => colour(colours[row]) : colour("accent"), few ? 1.6 : 0.6, few ? 0.8 : 0.25);
    this.showLegend();
    this.layers.layer("hover");
    this.layers.box.dataset.curves = String(this.shownCurves());
  }

  // Everything that does not depend on the selection.
  drawBase() {
    const base = this.layers.layer("base");
    const { inner } = this.layers;
    this.rowOf = new Map(this.model.columns.job.map((job, row) => [job, row]));
    this.ofDocument = this.model.document;
    this.offerGroups();
    this.shownAxes = this.axes();
    drawFrame(base, inner, ...this.shownAxes, "epoch");
    if (this.metric.value === this.model.document.by) drawBand(base, inner, this.shownAxes[1], this.model.band());
    this.layers.behind(() => this.stroke(base, () => true, colour("bar"), 0.6, 0.5));
  }

  // The groups of the selected trials with their quartiles by epoch; null if they are not grouped.
  grouped() {
    const column = this.model.columns[this.group.value];
    if (!column) return null;
    const curveOf = new Map(this.found.jobs.map((job, place) => [this.rowOf.get(job), this.values[place]]));
    return groupsOf(column).map((group) => {
      const curves = group.rows.filter((row) => this.model.on[row]).map((row) => curveOf.get(row)).filter(Boolean);
      return { ...group, trials: curves.length, epochs: quartiles(curves) };
    });
  }

  drawGroups(context) {
    const { inner } = this.layers;
    const [across, up] = this.shownAxes;
    const at = (epoch, value) => [inner.left + inner.width * across.at(epoch + 1), inner.top + inner.height * (1 - up.at(value))];
    context.save();
    clip(context, inner);
    for (const { colour: name, epochs } of this.groups) {
      const known = [...epochs.entries()].filter(([, each]) => each);
      context.fillStyle = context.strokeStyle = colour(name);
      context.globalAlpha = 0.18;
      context.beginPath();
      for (const [epoch, { high }] of known) context.lineTo(...at(epoch, high));
      for (const [epoch, { low }] of known.toReversed()) context.lineTo(...at(epoch, low));
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 2;
      context.beginPath();
      for (const [epoch, { middle }] of known) context.lineTo(...at(epoch, middle));
      context.stroke();
    }
    context.restore();
  }

  showLegend() {
    this.legend.hidden = !this.groups;
    this.layers.box.dataset.groups = String(this.groups?.length ?? 0);
    if (!this.groups) return;
    this.legend.replaceChildren(...this.groups.map((group) => el("span", {},
      el("span", { class: `swatch ${group.colour}`, "aria-hidden": "true" }), `${plainName(this.group.value)} ${group.name} (${group.trials})`)),
    el("span", { class: "soft" }, "Line: median of the trials; band: their middle half."));
  }

  shownCurves() {
    return this.found.jobs.reduce((sum, job) => sum + (this.model.on[this.rowOf.get(job)] ? 1 : 0), 0);
  }

  stroke(context, wants, style, width, alpha) {
    const { inner } = this.layers;
    const places = [...this.values.keys()].filter((place) => wants(this.rowOf.get(this.found.jobs[place]), place));
    if (places.length > MANY) {
      const lines = new Density(context, inner);
      for (const place of places) this.count(lines, this.values[place], inner);
      lines.lay(style, alpha);
      lines.show();
      return;
    }
    context.save();
    clip(context, inner);
    [context.strokeStyle, context.fillStyle, context.lineWidth, context.globalAlpha] = [style, style, width, alpha];
    for (const place of places) {
      if (typeof style === "function") context.strokeStyle = context.fillStyle = style(this.rowOf.get(this.found.jobs[place]));
      const spots = this.spots(this.values[place], inner);
      context.beginPath();
      for (const spot of spots) context.lineTo(...spot);
      context.stroke();
      if (spots.length === 1) context.fillRect(spots[0][0] - 2, spots[0][1] - 2, 4, 4);
    }
    context.restore();
  }

  // Thousands of curves: no list is made for any of them.
  count(lines, curve, inner) {
    const [across, up] = this.shownAxes;
    let [fromX, fromY] = [NaN, NaN];
    for (let epoch = 0; epoch < curve.length; epoch++) {
      if (curve[epoch] === null) continue;
      const x = inner.left + inner.width * across.at(epoch + 1);
      const y = inner.top + inner.height * (1 - up.at(curve[epoch]));
      if (!Number.isNaN(fromX)) lines.line(fromX, fromY, x, y);
      fromX = x;
      fromY = y;
    }
  }

  // Where the values of a curve are in the figure.
  spots(curve, inner) {
    const [across, up] = this.shownAxes;
    const found = [];
    curve.forEach((value, epoch) => {
      if (value !== null) found.push([inner.left + inner.width * across.at(epoch + 1), inner.top + inner.height * (1 - up.at(value))]);
    });
    return found;
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
      if (start && Math.abs(end[0] - start[0]) > 8 && Math.abs(end[1] - start[1]) > 8) this.zoomTo([start, end]);
      start = null;
    });
    box.addEventListener("pointerleave", () => { this.layers.say(""); if (this.values?.length) this.layers.layer("hover"); });
    box.addEventListener("dblclick", () => this.zoomTo(null));
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

  // Show the part between two corners, or everything.
  zoomTo(corners) {
    if (corners) {
      const [first, second] = corners.map((corner) => this.valuesAt(corner));
      this.zoom = [0, 1].map((n) => [Math.min(first[n], second[n]), Math.max(first[n], second[n])]);
    } else this.zoom = null;
    this.reset.hidden = !corners;
    this.layers.redraw();
  }

  hover(x, y) {
    if (!this.shownAxes || !this.model.rows) return;
    const { inner } = this.layers;
    const [across, up] = this.shownAxes;
    const epoch = Math.round(across.back((x - inner.left) / inner.width));
    const away = (value) => (value === null || value === undefined ? Infinity : Math.abs(inner.top + inner.height * (1 - up.at(value)) - y));
    const context = this.layers.layer("hover");
    if (this.groups) { this.layers.say(this.saidOfGroup(epoch, away), x, y); return; }
    const nearest = closest(this.values, (curve, place) => (
      this.model.on[this.rowOf.get(this.found.jobs[place])] ? away(curve[epoch - 1]) : Infinity));
    if (nearest === null) { this.layers.say(""); return; }
    this.stroke(context, (_, place) => place === nearest, colour("ink"), 2.5, 1);
    const row = this.rowOf.get(this.found.jobs[nearest]);
    this.layers.say(`${this.model.label(row)}, epoch ${epoch}: ${number(this.found.values[nearest][epoch - 1])}`, x, y);
  }

  saidOfGroup(epoch, away) {
    const nearest = closest(this.groups, (group) => away(group.epochs[epoch - 1]?.middle));
    if (nearest === null) return "";
    const { name, epochs } = this.groups[nearest];
    const { low, middle, high, trials } = epochs[epoch - 1];
    return `${plainName(this.group.value)} ${name}, epoch ${epoch}: median ${number(middle)} (${number(low)} to ${number(high)}) of ${trials}`;
  }
}

// Points on the frame are seen as a whole.
function clip(context, inner) {
  context.beginPath();
  context.rect(inner.left - 3, inner.top - 3, inner.width + 6, inner.height + 6);
  context.clip();
}

// The place of what is the least away from the pointer; null if everything is far.
function closest(all, away) {
  let [best, nearest] = [NEAR, null];
  all.forEach((each, place) => {
    const found = away(each, place);
    if (found < best) [best, nearest] = [found, place];
  });
  return nearest;
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
