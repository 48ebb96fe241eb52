// The table of trials: sorted, filtered, and with only the visible rows in the document.

import { el, keepFocus, number, query, setQuery, share } from "./dom.js";
import { SHARES, plainName } from "./model.js";

const AHEAD = 12;
const DIGITS = 4;
const MOST_COMPARED = 6;

export class Table {
  constructor(model) {
    this.model = model;
    [this.sort, this.down] = [query("sort").replace(/^-/, ""), query("sort").startsWith("-")];
    this.head = el("tr");
    this.body = el("tbody");
    this.box = el("div", { class: "rows", tabindex: 0, role: "region", "aria-label": "trials" },
      el("table", {}, el("thead", {}, this.head), this.body));
    this.count = el("span", { class: "soft", id: "selected", role: "status" });
    this.compared = new Set();
    this.compare = el("span", { class: "soft", id: "compare", role: "status" });
    this.filter = el("input", { type: "search", size: 34, placeholder: "lr<0.01 optimizer=adam", value: query("filter"),
      oninput: () => { setQuery("filter", this.filter.value); model.filter(this.filter.value); } });
    this.about = el("p", { class: "soft small" });
    this.figure = el("section", {}, el("h2", {}, "Trials"), el("div", { class: "bar" },
      el("label", {}, "Filter", this.filter), this.count, this.compare), this.box, this.about);
    this.sayCompared();
    this.height = 31;
    this.box.addEventListener("scroll", () => this.draw());
    new ResizeObserver(() => { if (this.box.clientHeight !== this.drawn) this.draw(); }).observe(this.box);
    model.words = query("filter");
    model.onChange(() => this.order());
  }

  names() {
    const { document: found, columns } = this.model;
    const { by } = this.model;
    const results = found.metrics.filter((name) => name !== by && columns[name].some((value) => value !== null));
    const states = found.states.succeeded < found.rows ? ["state"] : [];
    return ["rank", "trial", ...(by in columns ? [by, "noise"] : []), ...states, ...found.differing, ...results,
      ...(columns.reason.some(Boolean) ? ["reason"] : [])];
  }

  prepare() {
    this.shown = this.names();
    const marked = this.model.columns.noise?.includes(true);
    this.about.textContent = marked ? "noise: yes, and a bar at the left, for trials that are not significantly worse than the best." : "";
    this.head.replaceChildren(el("th", { scope: "col" }, "compare"), ...this.shown.map((name) => el("th", { scope: "col", "aria-sort": this.sorted(name) },
      el("button", { type: "button", "data-key": `sort-${name}`, title: `sort by ${plainName(name)}`, onclick: () => this.sortBy(name) },
        plainName(name), el("span", { "aria-hidden": "true" }, { ascending: " ↑", descending: " ↓" }[this.sorted(name)] ?? "")))));
    this.order();
  }

  sorted(name) {
    if (name !== this.sort) return null;
    return this.down ? "descending" : "ascending";
  }

  sortBy(name) {
    this.down = this.sort === name ? !this.down : false;
    this.sort = name;
    setQuery("sort", `${this.down ? "-" : ""}${name}`);
    this.box.scrollTop = 0;
    keepFocus(() => this.prepare());
  }

  order() {
    if (!this.shown) return;
    this.rows = [];
    for (let row = 0; row < this.model.rows; row++) if (this.model.on[row]) this.rows.push(row);
    const values = this.model.columns[this.sort];
    if (values) this.rows.sort((a, b) => compared(values[a], values[b], this.down));
    this.count.textContent = `${this.rows.length.toLocaleString("en")} of ${this.model.rows.toLocaleString("en")} selected`;
    this.draw();
  }

  draw() {
    if (!this.rows) return;
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - AHEAD);
    const last = Math.min(this.rows.length, first + Math.ceil(this.box.clientHeight / this.height) + 2 * AHEAD);
    keepFocus(() => this.body.replaceChildren(this.space(first), ...this.rows.slice(first, last).map((row) => this.line(row)),
      this.space(this.rows.length - last)));
    this.drawn = this.box.clientHeight;
    const made = this.body.children[1];
    if (made && last > first && made.offsetHeight) this.height = made.offsetHeight;
  }

  check(row) {
    const trial = this.model.columns.trial[row];
    if (trial === null) return el("td");
    return el("td", {}, el("input", { type: "checkbox", "aria-label": `compare trial ${trial}`, "data-key": `check-${trial}`,
      checked: this.compared.has(trial), oninput: (event) => {
        if (!event.target.checked) this.compared.delete(trial);
        else if (this.compared.size < MOST_COMPARED) this.compared.add(trial);
        event.target.checked = this.compared.has(trial);
        this.sayCompared();
      } }));
  }

  sayCompared() {
    const trials = [...this.compared];
    if (trials.length < 2) this.compare.replaceChildren(`check 2 to ${MOST_COMPARED} trials to compare them`);
    else this.compare.replaceChildren(el("a", { href: `/compare?trials=${trials.join(",")}` }, `Compare trials ${trials.join(", ")}`));
  }

  space(rows) {
    const made = el("tr", { "aria-hidden": "true" });
    made.style.height = `${rows * this.height}px`;
    return made;
  }

  line(row) {
    const noise = this.model.columns.noise?.[row];
    return el("tr", { class: noise ? "near" : null }, this.check(row), this.shown.map((name) => this.cell(name, row)));
  }

  // Measured values have as many digits in every row, so that they can be compared.
  isMeasured(name, value) {
    return !name.startsWith("params.") && typeof value === "number" && !Number.isInteger(value)
      && Math.abs(value) >= 1e-4 && Math.abs(value) < 1e4;
  }

  cell(name, row) {
    const value = this.model.columns[name][row];
    if (name === "trial") return el("td", {}, el("a", { href: this.model.address(row), "data-key": `link-${this.model.columns.job[row]}` }, value === null ? this.model.label(row) : String(value)));
    if (name === "noise") return el("td", {}, { true: "yes", false: "no" }[value] ?? "-");
    if (name === "state") return el("td", { class: value }, value);
    if (name === this.model.by && this.model.columns.interval?.[row] && name === "val_accuracy") {
      const [low, high] = this.model.columns.interval[row];
      return el("td", { class: "number" }, `${share(value)} (${share(low)} to ${share(high)})`);
    }
    const text = SHARES.includes(name) ? share(value) : this.isMeasured(name, value) ? value.toPrecision(DIGITS) : number(value);
    return el("td", { class: typeof value === "number" ? "number" : null, title: text.length > 24 ? text : null }, text);
  }
}

// What is missing is last in both directions.
function compared(left, right, down) {
  const [noLeft, noRight] = [left === null || left === undefined, right === null || right === undefined];
  if (noLeft || noRight) return noLeft - noRight;
  const order = typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right));
  return down ? -order : order;
}
