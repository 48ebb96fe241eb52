// Layers of canvas over each other, the colours of the page, and a hint at the pointer.

import { el } from "./dom.js";

export const MARGIN = { left: 52, right: 14, top: 12, bottom: 30 };

const LATER = 500;

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export class Layers {
  // `names` are the layers from the lowest; `draw` draws them all again.
  constructor(label, names, draw) {
    this.layers = Object.fromEntries(names.map((name) => [name, el("canvas", { "aria-hidden": "true" })]));
    this.hint = el("div", { class: "hint", hidden: true });
    this.box = el("div", { class: "canvas", role: "img", "aria-label": label },
      ...Object.values(this.layers), this.hint);
    this.draw = draw;
    [this.waiting, this.whole, this.late] = [false, true, null];
    [this.width, this.height] = [0, 0];
    // It is called once for every new box, which has been drawn in its size before.
    new ResizeObserver(() => { if (this.isResized()) this.redraw(); }).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
  }

  isResized() {
    return this.box.clientWidth !== this.width || this.box.clientHeight !== this.height;
  }

  // Without `whole`, only the selection is drawn again.
  redraw(whole = true) {
    this.whole ||= whole;
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      [this.width, this.height] = [this.box.clientWidth, this.box.clientHeight];
      if (!this.width) return;
      const all = this.whole;
      this.whole = false;
      this.draw(all);
    });
  }

  // What is seen only beside a selection is drawn when there is one, or when there is time.
  behind(draw) {
    this.late = draw;
    setTimeout(() => this.drawBehind(), LATER);
  }

  drawBehind() {
    const draw = this.late;
    this.late = null;
    draw?.();
  }

  // A layer, emptied.
  layer(name) {
    const canvas = this.layers[name];
    const [width, height] = [this.box.clientWidth, this.box.clientHeight];
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "12px system-ui, sans-serif";
    return context;
  }

  get inner() {
    return { left: MARGIN.left, top: MARGIN.top,
      width: this.box.clientWidth - MARGIN.left - MARGIN.right,
      height: this.box.clientHeight - MARGIN.top - MARGIN.bottom };
  }

  place(event) {
    const box = this.box.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  say(words, x, y) {
    this.hint.hidden = !words;
    if (!words) return;
    this.hint.textContent = words;
    const left = Math.min(x + 12, this.box.clientWidth - this.hint.offsetWidth - 4);
    this.hint.style.left = `${Math.max(0, left)}px`;
    this.hint.style.top = `${Math.max(0, y - 34)}px`;
  }
}

// A text that is shortened until it fits.
export function fitted(context, text, width) {
  let shown = text;
  for (let most = text.length - 1; most > 0 && context.measureText(shown).width > width; most--) {
    shown = `${text.slice(0, most)}…`;
  }
  return shown;
}

// The frame of a figure with two axes: their marks, names and lines.
export function drawFrame(context, inner, across, up, names) {
  context.fillStyle = colour("soft");
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const [value, text] of up.ticks()) {
    const y = inner.top + inner.height * (1 - up.at(value));
    line(context, inner.left, y, inner.left + inner.width, y);
    context.fillText(fitted(context, text, inner.left - 8), inner.left - 6, y);
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const [value, text] of across.ticks(Math.max(2, inner.width / 80))) {
    if (names === "epoch" && !Number.isInteger(value)) continue;
    const x = inner.left + inner.width * across.at(value);
    line(context, x, inner.top, x, inner.top + inner.height);
    context.fillText(fitted(context, text, 90), x, inner.top + inner.height + 4);
  }
  context.textAlign = "right";
  context.fillText(names, inner.left + inner.width, inner.top + inner.height + 17);
}

// What chance cannot tell from the best, as a band across the figure.
export function drawBand(context, inner, up, band) {
  if (band === null) return;
  const places = band.map((value) => inner.top + inner.height * (1 - up.at(value)));
  const [from, to] = [Math.min(...places), Math.max(...places)];
  const [top, bottom] = [Math.max(from, inner.top), Math.min(to, inner.top + inner.height)];
  if (bottom < top) return;
  context.fillStyle = colour("band");
  context.fillRect(inner.left, top, inner.width, Math.max(2, bottom - top));
}

export function line(context, x, y, toX, toY) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}
