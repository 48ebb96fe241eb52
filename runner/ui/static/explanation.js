// The page of one explanation: the image, its superpixels, both curves and the verdict.

import { Layers, colour, drawFrame } from "./canvas.js";
import { documentAt, el, facts, number, share, showRefusal, title } from "./dom.js";
import { Axis } from "./model.js";

const SUPPORTS = [0, 150, 64];
const OPPOSES = [210, 40, 30];

export async function showExplanation(main, id) {
  let found;
  try {
    found = await documentAt(`/api/explanations/${id}`);
  } catch (error) {
    showRefusal(error);
    return;
  }
  const name = `Explanation ${id}`;
  title(name, [["Experiments", "/"], [`Trial ${found.trial}`, `/trials/${found.trial}`], [name]]);
  main.replaceChildren(el("h1", {}, `${found.class}: image ${found.image} of trial ${found.trial}`),
    el("p", { class: found.verdict === "sound" ? null : "warning" }, `${found.verdict}: ${found.reason}`),
    el("div", { class: "pair" }, overlay(found, id), curves(found)), about(found));
}

function overlay(found, id) {
  const grid = found.superpixel_of;
  const [height, width] = [grid.length, grid[0].length];
  const canvas = el("canvas", { width, height, class: "big", role: "img", "aria-label": "the image with its superpixels" });
  const said = el("p", { class: "small", role: "status" }, "point at a superpixel for its weight");
  const strength = el("input", { type: "range", min: 0, max: 1, step: 0.05, oninput: () => draw() });
  strength.value = "0.5";
  const image = new Image();
  const most = Math.max(...found.weights.map(Math.abs), 1e-12);
  let pointed = null;
  function draw() {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = "#888";
    context.fillRect(0, 0, width, height);
    if (image.naturalWidth) context.drawImage(image, 0, 0, width, height);
    const shown = context.getImageData(0, 0, width, height);
    grid.flat().forEach((superpixel, pixel) => {
      const weight = found.weights[superpixel] / most;
      const mix = Number(strength.value) * Math.abs(weight) * (found.verdict === "void" ? 0 : 1);
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
  if (found.picture) image.src = `/api/explanations/${id}/image`;
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const row = Math.min(height - 1, Math.floor(((event.clientY - box.top) / box.height) * height));
    const column = Math.min(width - 1, Math.floor(((event.clientX - box.left) / box.width) * width));
    pointed = grid[row]?.[column] ?? null;
    said.textContent = pointed === null ? "" : `superpixel ${pointed}: weight ${number(found.weights[pointed], 3)}`;
    draw();
  });
  canvas.addEventListener("pointerleave", () => { pointed = null; draw(); });
  draw();
  return el("figure", {}, el("figcaption", {}, "Supports (green) and opposes (red)"), canvas, said,
    el("label", {}, "strength", strength),
    found.picture ? null : el("p", { class: "soft small" }, "The image is not stored: only its superpixels are shown."));
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
    for (const [values, style] of [[deletion, colour("alarm")], [insertion, colour("good")]]) {
      context.strokeStyle = style;
      context.fillStyle = style;
      context.lineWidth = 2;
      context.beginPath();
      values.forEach((value, place) => context.lineTo(...at(value, place)));
      context.stroke();
      const [x, y] = at(values[slider.value], slider.value);
      context.fillRect(x - 4, y - 4, 8, 8);
    }
    const place = Number(slider.value);
    said.textContent = `${Math.round(shares[place] * 100)} % of the superpixels: probability ${share(deletion[place])} when they are hidden (deletion), ${share(insertion[place])} when only they are shown (insertion)`;
  });
  return el("figure", {}, el("figcaption", {}, "Deletion (red) and insertion (green)"), layers.box, el("label", {}, "superpixels", slider), said);
}

function about(found) {
  return facts([["true class", found.true_class], ["predicted class", found.predicted_class], ["probability", share(found.probability)],
    ["method", found.method], ["superpixels", found.superpixels], ["samples", found.samples], ["R²", found.r2 === null ? null : number(found.r2, 3)],
    ["stability", number(found.stability, 3)],
    ["supporting regions hidden", found.removed === null ? null : `probability ${share(found.removed)}; random regions of the same area ${share(found.removed_random)}`]]);
}
