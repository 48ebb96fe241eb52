// The trials of an experiment as columns, and the one selection that every figure shows.

export const SHARES = ["accuracy", "val_accuracy", "best_val_accuracy"];

export function plainName(column) {
  return column.replace(/^(params|metrics)\./, "");
}

export class Model {
  constructor() {
    this.ranges = new Map(); // column -> [lowest, highest], or a set of words
    this.words = "";
    this.listeners = [];
    this.rows = 0;
  }

  replace(found) {
    this.document = found;
    this.columns = found.columns;
    this.rows = found.rows;
    this.select();
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  // Which values may be brushed: null takes the range away.
  brush(column, range) {
    if (range === null) this.ranges.delete(column);
    else this.ranges.set(column, range);
    this.select();
  }

  filter(words) {
    this.words = words;
    this.select();
  }

  select() {
    const on = new Uint8Array(this.rows).fill(1);
    for (const [column, range] of this.ranges) keep(on, this.columns[column], inside(range));
    for (const test of this.tests()) keep(on, test.values, test.accepts, test.text);
    this.on = on;
    this.count = on.reduce((sum, each) => sum + each, 0);
    for (const listener of this.listeners) listener();
  }

  // `lr<0.01 optimizer=adam`; other words are looked for in the state, the reason and all params.
  tests() {
    return this.words.split(/\s+/).filter(Boolean).map((word) => {
      const found = /^([\w.]+)(<=|>=|!=|=|<|>)(.+)$/.exec(word);
      const values = found && this.column(found[1]);
      if (values) return { values, accepts: comparison(found[2], found[3]) };
      const text = word.toLowerCase();
      const names = ["trial", "state", "reason", ...this.document.params];
      return { values: this.columns.job, accepts: (_, row) => names.some((name) =>
        String(this.columns[name][row] ?? "").toLowerCase().includes(text)) };
    });
  }

  column(name) {
    return this.columns[name] ?? this.columns[`params.${name}`] ?? this.columns[`metrics.${name}`];
  }

  // The metric that ranks; its values.
  get by() {
    const by = this.document.by || "val_accuracy";
    return by in this.columns ? by : `metrics.${by}`;
  }

  // The best value of the metric that ranks, and the worst that chance cannot tell from it.
  band() {
    const { noise } = this.columns;
    const values = this.columns[this.by];
    if (!noise || !values || values[0] === null || this.rows === 0) return null;
    let last = null;
    for (let row = 0; row < this.rows; row++) if (noise[row]) last = values[row];
    return last === null ? null : [last, values[0]];
  }

  label(row) {
    const { trial, job } = this.columns;
    return trial[row] === null ? `job ${job[row]}` : `trial ${trial[row]}`;
  }

  address(row) {
    const { trial, job } = this.columns;
    return trial[row] === null ? `/jobs/${job[row]}` : `/trials/${trial[row]}`;
  }
}

function keep(on, values, accepts) {
  if (!values) return;
  for (let row = 0; row < on.length; row++) if (on[row] && !accepts(values[row], row)) on[row] = 0;
}

function inside(range) {
  if (range instanceof Set) return (value) => range.has(String(value));
  return (value) => value !== null && value >= range[0] && value <= range[1];
}

function comparison(operator, text) {
  const wanted = text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
  const same = (value) => (typeof wanted === "number" ? value === wanted : String(value) === wanted);
  return {
    "=": same, "!=": (value) => !same(value),
    "<": (value) => value !== null && value < wanted, ">": (value) => value !== null && value > wanted,
    "<=": (value) => value !== null && value <= wanted, ">=": (value) => value !== null && value >= wanted,
  }[operator];
}

// An axis of one column: where each value stands from 0 to 1.
export class Axis {
  constructor(values, logarithmic = null) {
    const known = values.filter((value) => value !== null && value !== undefined);
    this.isNumber = known.length > 0 && known.every((value) => typeof value === "number");
    if (!this.isNumber) {
      this.words = [...new Set(known.map(String))].sort();
      return;
    }
    let [low, high] = [Infinity, -Infinity];
    for (const value of known) { if (value < low) low = value; if (value > high) high = value; }
    this.log = logarithmic ?? (low > 0 && high / low >= 10);
    if (this.log && low <= 0) this.log = false;
    [this.low, this.high] = [low, high];
  }

  zoomed(low, high) {
    const made = Object.create(this);
    [made.low, made.high] = [low, high];
    return made;
  }

  at(value) {
    if (value === null || value === undefined) return null;
    if (!this.isNumber) return this.words.length < 2 ? 0.5 : this.words.indexOf(String(value)) / (this.words.length - 1);
    if (this.high === this.low) return 0.5;
    if (this.log) return Math.log(value / this.low) / Math.log(this.high / this.low);
    return (value - this.low) / (this.high - this.low);
  }

  back(place) {
    if (this.log) return this.low * (this.high / this.low) ** place;
    return this.low + place * (this.high - this.low);
  }

  // Values with a mark, as [value, text].
  ticks(most = 6) {
    if (!this.isNumber) {
      const step = Math.ceil(this.words.length / 12);
      return this.words.filter((_, place) => place % step === 0).map((word) => [word, word]);
    }
    if (this.high === this.low) return [[this.low, shortNumber(this.low)]];
    if (this.log) return decades(this.low, this.high).map((value) => [value, shortNumber(value)]);
    const step = niceStep((this.high - this.low) / most);
    const found = [];
    for (let n = Math.ceil(this.low / step - 1e-9); n * step <= this.high + step * 1e-9; n++) found.push(n * step);
    return found.map((value) => [value, shortNumber(value)]);
  }
}

function niceStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((each) => each * power >= step) ?? 10);
}

function decades(low, high) {
  const found = [low, high];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power++) {
    const value = 10 ** power;
    if (value / low > 1.3 && high / value > 1.3) found.push(value);
  }
  return found.sort((a, b) => a - b);
}

export function shortNumber(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(1).replace(".0e", "e");
  return String(Number(value.toPrecision(3)));
}
