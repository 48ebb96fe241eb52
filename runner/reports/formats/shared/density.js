// Thousands of thin lines: counted for each pixel, which is much faster than drawing each of them.

// From so many lines on, it is used.
export const MANY = 200;

// A line is divided between the two pixels that it lies between, so that it is smooth.
export class Density {
  // `box` is the part of the canvas that lines are seen in.
  constructor(context, box) {
    const ratio = context.getTransform().a;
    this.context = context;
    this.ratio = ratio;
    [this.left, this.top] = [box.left * ratio, box.top * ratio];
    [this.width, this.height] = [Math.ceil(box.width * ratio), Math.ceil(box.height * ratio)];
    this.counts = new Float32Array(this.width * this.height);
    this.image = context.createImageData(this.width, this.height);
  }

  line(x, y, toX, toY) {
    const { counts, ratio } = this;
    const steep = Math.abs(toY - y) > Math.abs(toX - x);
    // Steps go along the longer side; `at` and `end` are places on the other one.
    let first = steep ? y * ratio - this.top : x * ratio - this.left;
    let last = steep ? toY * ratio - this.top : toX * ratio - this.left;
    let at = steep ? x * ratio - this.left : y * ratio - this.top;
    let end = steep ? toX * ratio - this.left : toY * ratio - this.top;
    if (first > last) {
      let other = first; first = last; last = other;
      other = at; at = end; end = other;
    }
    const slope = last === first ? 0 : (end - at) / (last - first);
    const [length, breadth] = steep ? [this.height, this.width] : [this.width, this.height];
    const [along, beside] = steep ? [this.width, 1] : [1, this.width];
    const from = Math.max(Math.round(first), 0);
    const to = Math.min(Math.round(last), length - 1);
    let place = at + (from - first) * slope;
    for (let step = from; step <= to; step++, place += slope) {
      const low = Math.floor(place);
      if (low < 0 || low >= breadth) continue;
      const index = step * along + low * beside;
      counts[index] += 1 - (place - low);
      if (low + 1 < breadth) counts[index + beside] += place - low;
    }
  }

  // Lay the lines drawn since the last call over those before, in a colour.
  lay(style, alpha) {
    const { context, counts } = this;
    context.fillStyle = style;
    const colour = [1, 3, 5].map((at) => parseInt(context.fillStyle.slice(at, at + 2), 16));
    const pixels = this.image.data;
    for (let pixel = 0; pixel < counts.length; pixel++) {
      if (!counts[pixel]) continue;
      const over = 1 - (1 - alpha) ** counts[pixel];
      counts[pixel] = 0;
      const at = 4 * pixel;
      const under = (pixels[at + 3] / 255) * (1 - over);
      const whole = over + under;
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] = (colour[channel] * over + pixels[at + channel] * under) / whole;
      }
      pixels[at + 3] = 255 * whole;
    }
  }

  // Put them into the canvas, over what is there.
  show() {
    const { context, image, left, top } = this;
    const made = new OffscreenCanvas(image.width, image.height);
    made.getContext("2d").putImageData(image, 0, 0);
    context.save();
    context.resetTransform();
    context.drawImage(made, left, top);
    context.restore();
  }
}

// The same for few lines, which are drawn.
export class Strokes {
  constructor(context) {
    this.context = context;
    context.beginPath();
  }

  line(x, y, toX, toY) {
    this.context.moveTo(x, y);
    this.context.lineTo(toX, toY);
  }

  lay(style, alpha) {
    const { context } = this;
    [context.strokeStyle, context.lineWidth, context.globalAlpha] = [style, 1, alpha];
    context.stroke();
    context.globalAlpha = 1;
    context.beginPath();
  }

  show() {}
}
