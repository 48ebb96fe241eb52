// The reliability diagram of an evaluation.

import { Layers, colour, drawFrame, line } from "./canvas.js";
import { el, head, scroller, share } from "./dom.js";
import { Axis } from "./model.js";

export function reliability(found) {
  const layers = new Layers("reliability diagram; the table has its numbers", ["base"], () => {
    const context = layers.layer("base");
    const { inner } = layers;
    const axes = [new Axis([0, 1], false), new Axis([0, 1], false)];
    drawFrame(context, inner, ...axes, "probability of the predicted class");
    const at = (x, y) => [inner.left + inner.width * x, inner.top + inner.height * (1 - y)];
    context.strokeStyle = colour("soft");
    context.setLineDash([5, 5]);
    line(context, ...at(0, 0), ...at(1, 1));
    context.setLineDash([]);
    context.strokeStyle = context.fillStyle = colour("accent");
    context.lineWidth = 2;
    context.beginPath();
    for (const bin of found.bins) context.lineTo(...at(bin.confidence, bin.accuracy));
    context.stroke();
    for (const bin of found.bins) {
      const [x, y] = at(bin.confidence, bin.accuracy);
      line(context, ...at(bin.confidence, bin.interval[0]), ...at(bin.confidence, bin.interval[1]));
      context.fillRect(x - 3, y - 3, 6, 6);
    }
  });
  layers.box.classList.add("square");
  return el("details", { open: true }, el("summary", {}, `Calibration: expected calibration error ${share(found.error)}`),
    el("div", { class: "pair" },
      el("figure", {}, layers.box, el("p", { class: "soft small" }, "Accuracy by the probability of the predicted class, with 95 % intervals. Below the dashed line the network is overconfident.")),
      scroller(`calibration on the ${found.split} split`, el("table", {}, head(["probability", "images", "mean probability", "accuracy", "95 % interval"]),
        el("tbody", {}, found.bins.map((bin) => el("tr", {}, el("td", {}, `${bin.low.toFixed(1)} to ${bin.high.toFixed(1)}`),
          [bin.images.toLocaleString("en"), share(bin.confidence), share(bin.accuracy), bin.interval.map(share).join(" to ")].map((each) => el("td", { class: "number" }, each)))))))));
}
