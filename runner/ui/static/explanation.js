// The page of one explanation, or of two side by side: the image, its superpixels, both curves and
// the verdict.

import { Layers, colour, drawFrame } from "./canvas.js";
import { choice, documentAt, el, facts, number, query, setQuery, share, showRefusal, title } from "./dom.js";
import { Axis } from "./model.js";

const SUPPORTS = [0, 150, 64];
const OPPOSES = [210, 40, 30];

// What explanations side by side share: the strength of their colours and the place pointed at.
class Look {
  constructor() {
    [this.strength, this.place, this.draws] = [0.5, null, []];
  }

  change(values) {
    Object.assign(this, values);
    for (const draw of this.draws) draw();
  }
}

export async function showExplanation(main, id) {
  const ids = [id, query("with")].filter(Boolean);
  let found;
  try {
    found = await Promise.all(ids.map((each) => documentAt(`/api/explanations/${encodeURIComponent(each)}`)));
  } catch (error) {
    showRefusal(error);
    return;
  }
  const [first] = found;
  const name = ids.length > 1 ? `Explanations ${ids.join(" and ")}` : `Explanation ${id}`;
  title(name, [["Experiments", "/"], [`Trial ${first.trial}`, `/trials/${first.trial}`], [name]]);
  const look = new Look();
  const heading = `${name}: ${first.class} in image ${first.image} of trial ${first.trial}`;
  main.replaceChildren(el("h1", {}, ids.length > 1 ? name : heading), bar(main, id, first, look),
    ids.length > 1 ? el("div", { class: "pair" }, found.map((each) => column(each, look))) : alone(first, look));
}

function bar(main, id, { others }, look) {
  const strength = el("input", { type: "range", min: 0, max: 1, step: 0.05, value: String(look.strength),
    oninput: () => look.change({ strength: Number(strength.value) }) });
  const chosen = choice([["", "none"], ...others.map((each) => [String(each.explanation), `${each.explanation}: ${named(each)}`]),
    ...(others.some((each) => String(each.explanation) === query("with")) || !query("with") ? [] : [[query("with"), `${query("with")}: another image`]])],
    async (value) => {
      setQuery("with", value);
      await showExplanation(main, id);
      document.getElementById("with")?.focus();
    });
  chosen.id = "with";
  chosen.value = query("with");
  return el("div", { class: "bar" }, el("label", {}, "Strength", strength),
    others.length || query("with") ? el("label", {}, "Side by side with", chosen) : null);
}

function named(found) {
  return `trial ${found.trial}, ${found.method}, ${found.class}`;
}

function verdict(found) {
  return el("p", { class: found.verdict === "sound" ? null : "warning" }, el("strong", {}, found.verdict), `: ${found.reason}`);
}

function alone(found, look) {
  return el("div", {}, verdict(found), el("div", { class: "pair" }, overlay(found, look), curves(found)), about(found));
}

function column(found, look) {
  return el("section", {}, el("h2", {}, el("a", { href: `/explanations/${found.explanation}` }, `Image ${found.image}: ${named(found)}`)),
    verdict(found), overlay(found, look), curves(found), about(found));
}

function overlay(found, look) {
  const grid = found.superpixel_of;
  const [height, width] = [grid.length, grid[0].length];
  const canvas = el("canvas", { width, height, class: "big", role: "img", "aria-label": "the image with its superpixels" });
  const said = el("p", { class: "small", role: "status" });
  const image = new Image();
  const most = Math.max(...found.weights.map(Math.abs), 1e-12);
  const chosen = el("input", { type: "number", min: 0, max: found.weights.length - 1, placeholder: "none",
    oninput: () => look.change({ place: middle(grid, Number(chosen.value || NaN)) }) });
  function draw() {
    const pointed = look.place === null ? null : grid[Math.floor(look.place[1] * height)][Math.floor(look.place[0] * width)];
    if (document.activeElement !== chosen) chosen.value = pointed ?? "";
    said.textContent = pointed === null ? "Point at a superpixel, or choose its number, to see its weight."
      : `superpixel ${pointed}: weight ${number(found.weights[pointed], 3)}`;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#888";
    context.fillRect(0, 0, width, height);
    if (image.naturalWidth) context.drawImage(image, 0, 0, width, height);
    const shown = context.getImageData(0, 0, width, height);
    grid.flat().forEach((superpixel, pixel) => {
      const weight = found.weights[superpixel] / most;
      const mix = look.strength * Math.abs(weight) * (found.verdict === "void" ? 0 : 1);
      const tint = weight > 0 ? SUPPORTS : OPPOSES;
      for (let channel = 0; channel < 3; channel++) {
        let value = shown.data[4 * pixel + channel] * (1 - mix) + tint[channel] * mix;
        if (superpixel === pointed) value = value * 0.6 + 102;
        shown.data[4 * pixel + channel] = value;
      }
    });
    context.putImageData(shown, 0, 0);
  }
  image.onload = draw;
  if (found.picture) image.src = `/api/explanations/${found.explanation}/image`;
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    look.change({ place: [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)] });
  });
  canvas.addEventListener("pointerleave", () => look.change({ place: null }));
  look.draws.push(draw);
  draw();
  return el("figure", {}, el("figcaption", {}, "Supports (green) and opposes (red)"), canvas, said,
    el("label", { class: "small" }, "Superpixel", chosen),
    found.picture ? null : el("p", { class: "soft small" }, "The image is not stored: only its superpixels are shown."));
}

function inside(value) {
  return Math.min(0.9999, Math.max(0, value));
}

// A place in a superpixel, as shares of the width and the height; null if there is none.
function middle(grid, superpixel) {
  for (const [row, line] of grid.entries()) {
    const column = line.indexOf(superpixel);
    if (column >= 0) return [(column + 0.5) / line.length, (row + 0.5) / grid.length];
  }
  return null;
}

function curves(found) {
  if (!found.curves) return el("p", { class: "soft" }, "There are no deletion and insertion curves.");
  const { share: shares, deletion, insertion } = found.curves;
  const slider = el("input", { type: "range", min: 0, max: shares.length - 1, step: 1, oninput: () => layers.redraw() });
  slider.value = "0";
  const said = el("p", { class: "small", role: "status" });
  const layers = new Layers("deletion and insertion curves; the slider says their values", ["base"], () => {
    const context = layers.layer("base");
    const { inner } = layers;
    const [across, up] = [new Axis([0, 1], false), new Axis([0, 1], false)];
    drawFrame(context, inner, across, up, "share of superpixels");
    const at = (value, place) => [inner.left + inner.width * across.at(shares[place]), inner.top + inner.height * (1 - up.at(value))];
    for (const [values, style, dashes] of [[deletion, colour("alarm"), [6, 4]], [insertion, colour("good"), []]]) {
      context.setLineDash(dashes);
      context.strokeStyle = style;
      context.fillStyle = style;
      context.lineWidth = 2;
      context.beginPath();
      values.forEach((value, place) => context.lineTo(...at(value, place)));
      context.stroke();
      const [x, y] = at(values[slider.value], slider.value);
      context.fillRect(x - 4, y - 4, 8, 8);
    }
    context.setLineDash([]);
    const place = Number(slider.value);
    said.textContent = `${Math.round(shares[place] * 100)} % of the superpixels: probability ${share(deletion[place])} when they are hidden (deletion), ${share(insertion[place])} when only they are shown (insertion)`;
  });
  return el("figure", {}, el("figcaption", {}, "Deletion (red, dashed) and insertion (green)"), layers.box, el("label", {}, "Superpixels", slider), said);
}

function about(found) {
  return facts([["true class", found.true_class], ["predicted class", found.predicted_class], ["probability", share(found.probability)],
    ["method", found.method], ["superpixels", found.superpixels], ["samples", found.samples], ["R²", found.r2 === null ? null : number(found.r2, 3)],
    ["stability", found.stability === null ? null : share(found.stability)],
    ["supporting regions hidden", found.removed === null ? null : `probability ${share(found.removed)}; random regions of the same area ${share(found.removed_random)}`]]);
}
