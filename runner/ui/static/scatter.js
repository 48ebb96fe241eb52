// A scatter of any two columns.

import { Layers, colour, drawBand, drawFrame } from "./canvas.js";
import { choice, el, number, offer, query, setQuery } from "./dom.js";
import { Axis, plainName } from "./model.js";

const NEAR = 12;

export class Scatter {
  constructor(model) {
    this.model = model;
    this.layers = new Layers("scatter of two columns; the table has the same trials", ["base", "chosen", "hover"], (whole) => this.draw(whole));
    this.across = choice([], (column) => { setQuery("x", column); this.prepare(); }, "horizontal axis");
    this.up = choice([], (column) => { setQuery("y", column); this.prepare(); }, "vertical axis");
    this.none = el("p", { class: "soft", hidden: true }, "No trial has both values yet.");
    this.figure = el("figure", {}, el("figcaption", {}, "Scatter"),
      el("div", { class: "bar small" }, this.across, "and", this.up), this.none, this.layers.box);
    this.listen();
    model.onChange(() => this.layers.redraw(false));
  }

  prepare() {
    const { document: found, columns } = this.model;
    const names = [...found.differing, ...found.metrics, ...found.params.filter((name) => !found.differing.includes(name))];
    if (this.across.options.length !== names.length) {
      for (const [select, wanted] of [[this.across, query("x")], [this.up, query("y")]]) {
        const before = select.value || wanted;
        offer(select, names.map((name) => [name, plainName(name)]));
        select.value = names.includes(before) ? before : select === this.up ? this.model.by : names[0];
      }
    }
    if (!columns[this.across.value] || !columns[this.up.value]) return;
    const [across, up] = [columns[this.across.value], columns[this.up.value]];
    const empty = !across.some((value, row) => value !== null && up[row] !== null);
    [this.none.hidden, this.layers.box.hidden] = [!empty, empty];
    this.axes = [new Axis(columns[this.across.value]), new Axis(columns[this.up.value])];
    this.layers.redraw();
  }

  draw(whole) {
    const chosen = this.layers.layer("chosen");
    if (!this.axes || !this.model.rows) return;
    if (whole) {
      const base = this.layers.layer("base");
      const { inner } = this.layers;
      drawFrame(base, inner, ...this.axes, "");
      if (this.up.value === this.model.by) drawBand(base, inner, this.axes[1], this.model.band());
      this.places();
      this.dots(base, () => true, colour("bar"), 2);
    }
    const shown = this.dots(chosen, (row) => this.model.on[row], colour("accent"), this.model.count > 2000 ? 2 : 4);
    this.layers.layer("hover");
    this.layers.box.dataset.points = String(shown);
  }

  places() {
    const { inner } = this.layers;
    const [across, up] = [this.model.columns[this.across.value], this.model.columns[this.up.value]];
    this.spots = Array.from({ length: this.model.rows }, (_, row) => {
      const [x, y] = [this.axes[0].at(across[row]), this.axes[1].at(up[row])];
      return x === null || y === null ? null : [inner.left + inner.width * x, inner.top + inner.height * (1 - y)];
    });
  }

  dots(context, wants, style, size) {
    context.fillStyle = style;
    let shown = 0;
    this.spots.forEach((spot, row) => {
      if (!spot || !wants(row)) return;
      context.fillRect(spot[0] - size / 2, spot[1] - size / 2, size, size);
      shown++;
    });
    return shown;
  }

  nearest(x, y) {
    let [best, found] = [NEAR * NEAR, null];
    this.spots?.forEach((spot, row) => {
      if (!spot || !this.model.on[row]) return;
      const away = (spot[0] - x) ** 2 + (spot[1] - y) ** 2;
      if (away < best) [best, found] = [away, row];
    });
    return found;
  }

  listen() {
    const { box } = this.layers;
    box.addEventListener("pointermove", (event) => {
      const [x, y] = this.layers.place(event);
      const row = this.nearest(x, y);
      const context = this.layers.layer("hover");
      box.style.cursor = row === null ? "" : "pointer";
      if (row === null) { this.layers.say(""); return; }
      context.strokeStyle = colour("ink");
      context.strokeRect(this.spots[row][0] - 5, this.spots[row][1] - 5, 10, 10);
      const values = [this.across.value, this.up.value].map((name) => `${plainName(name)} ${number(this.model.columns[name][row])}`);
      this.layers.say(`${this.model.label(row)}: ${values.join(", ")}`, x, y);
    });
    box.addEventListener("pointerleave", () => this.layers.say(""));
    box.addEventListener("click", (event) => {
      const row = this.nearest(...this.layers.place(event));
      if (row !== null) location.href = this.model.address(row);
    });
  }
}
