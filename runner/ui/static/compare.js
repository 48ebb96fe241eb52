// The page that compares trials: their settings, curves, tests and the images they disagree on.

import { Curves } from "./curves.js";
import { choice, documentAt, el, follow, head, listed, number, offer, query, refusal, scroller, setQuery, share, signed, swatch, title } from "./dom.js";
import { Model } from "./model.js";

export function showCompare(main) {
  let [found, look] = [null, () => {}];
  const model = new Model();
  const curves = new Curves(model, () => give(curves, model, found));
  const [heading, tests, settings] = [el("div"), el("section"), el("section")];
  const split = choice([], (name) => { setQuery("split", name); look(); });
  const images = new Disputed(split);
  look = follow(() => `/api/compare?${chosen(query("split"))}`, (each) => {
    found = each;
    if (!heading.isConnected) main.replaceChildren(heading, settings, tests, curves.figure, images.section);
    const name = `Comparison of trials ${listed(found.trials.map((side) => side.trial))}`;
    title(name, [["Experiments", "/"], [name]]);
    heading.replaceChildren(el("h1", {}, name), el("div", { class: "bar" }, el("label", {}, "Split", split)));
    offer(split, found.splits.length ? found.splits : [found.split]);
    split.value = found.split;
    tests.replaceChildren(...comparisons(found));
    settings.replaceChildren(...settingsTable(found));
    give(curves, model, found);
    images.show(found);
  });
}

function chosen(split) {
  return new URLSearchParams({ trials: query("trials"), split });
}

function give(curves, model, found) {
  const { trials } = found;
  model.colours = trials.map((_, place) => `c${place + 1}`);
  model.replace({ rows: trials.length, columns: { job: trials.map((each) => each.trial), trial: trials.map((each) => each.trial) },
    params: [], differing: [], metrics: [], by: "" });
  const metric = curves.metric.value;
  curves.show({ jobs: trials.map((each) => each.trial), values: trials.map((each) => each.epochs.map((epoch) => epoch[metric] ?? null)) });
}

function linked(trial, place) {
  return [swatch(place), el("a", { href: `/trials/${trial}` }, `trial ${trial}`)];
}

function settingsTable(found) {
  const { trials, differing } = found;
  const row = (name, cells) => el("tr", {}, el("th", { scope: "row" }, name), cells.map((each) => el("td", { class: "number" }, each)));
  const interval = (value, ends) => (value === null ? "-" : `${share(value)}${ends ? ` (${share(ends[0])} to ${share(ends[1])})` : ""}`);
  return [el("h2", {}, "Params and scores"), scroller("params and scores", el("table", { id: "sides" },
    el("thead", {}, el("tr", {}, el("td"), trials.map((side, place) => el("th", { scope: "col" }, linked(side.trial, place))))),
    el("tbody", {}, differing.map((name) => row(name, trials.map((side) => number(side.settings[name], 6)))),
      row("epochs", trials.map((side) => `${side.trained_epochs}${side.ended_by === "stopped" ? ", stopped early" : ""}`)),
      row("val_accuracy", trials.map((side) => interval(side.val_accuracy, side.val_accuracy_interval))),
      row(`accuracy, ${found.split} split`, trials.map((side) => interval(side.accuracy, side.accuracy_interval)))))),
  el("p", { class: "soft small" }, differing.length ? "All other params are the same." : "All params are the same.")];
}

function comparisons(found) {
  const missing = found.unevaluated.map((trial) => el("p", {}, `Trial ${trial} has no evaluation on the ${found.split} split: `,
    el("code", {}, `runner submit evaluate --trial ${trial} --split ${found.split}`)));
  const unlike = found.unlike ? [el("p", { class: "warning" }, "These trials were not all evaluated on the same images; only those with the same images are compared.")] : [];
  const pairs = found.comparisons;
  const corrected = pairs.length > 1 ? `, multiplied by the number of comparisons (${pairs.length}, Bonferroni)` : "";
  const table = pairs.length ? [scroller("differences in accuracy", el("table", { id: "pairs" },
    head(["trials", "difference in accuracy", "95 % interval", "p", "only the first is right", "only the second is right", "significant"]),
    el("tbody", {}, pairs.map((pair) => el("tr", {}, el("td", {}, pair.trials.map((each) => each.trial).join(" minus ")),
      el("td", { class: "number" }, signed(pair.difference)), el("td", { class: "number" }, pair.difference_interval.map(signed).join(" to ")),
      el("td", { class: "number" }, number(pair.p, 2)), el("td", { class: "number" }, String(pair.only_first)),
      el("td", { class: "number" }, String(pair.only_second)), el("td", {}, pair.noise ? "no" : "yes")))))),
  el("p", { class: "soft small" }, `McNemar's exact test on the same ${pairs[0].images.toLocaleString("en")} images${corrected}. ${pairs.length > 1 ? "The intervals are not corrected." : ""}`)] : [];
  return [el("h2", {}, `Difference on the ${found.split} split`), ...unlike, ...missing, ...table];
}

// The images that one trial has right and another wrong.
class Disputed {
  constructor(split) {
    this.split = split;
    [this.right, this.wrong] = ["right", "wrong"].map((name) => choice([], (given) => { setQuery(name, given); this.ask(); }));
    this.list = el("div");
    this.section = el("section", {}, el("h2", {}, "Images with different outcomes"),
      el("div", { class: "bar" }, el("label", {}, "Right", this.right), el("label", {}, "Wrong", this.wrong)), this.list);
    this.shown = null;
  }

  show(found) {
    const paired = new Set(found.comparisons.flatMap((pair) => pair.trials.map((each) => each.trial)));
    const compared = found.trials.map((side) => side.trial).filter((trial) => paired.has(trial));
    this.section.hidden = compared.length < 2;
    const key = `${found.split} ${compared} ${found.trials.map((side) => side.accuracy)}`;
    if (this.section.hidden || key === this.shown) return;
    this.shown = key;
    this.places = new Map(found.trials.map((side, place) => [side.trial, place]));
    for (const [select, name] of [[this.right, "right"], [this.wrong, "wrong"]]) {
      offer(select, [["", "any of them"], ...compared.map((trial) => [trial, `trial ${trial}`])]);
      select.value = compared.map(String).includes(query(name)) ? query(name) : "";
    }
    this.ask();
  }

  async ask() {
    clearTimeout(this.timer);
    const given = chosen(this.split.value);
    for (const name of ["right", "wrong"]) if (this[name].value) given.set(name, this[name].value);
    const address = `/api/compare/images?${given}`;
    this.asked = address;
    try {
      const found = await documentAt(address);
      if (address === this.asked) this.draw(found);
    } catch (error) {
      if (address === this.asked) this.list.replaceChildren(...refusal(error));
    }
  }

  draw(found) {
    const shown = found.images.length;
    clearTimeout(this.timer);
    if (found.pictures === "reading") this.timer = setTimeout(() => this.ask(), 3000);
    this.list.replaceChildren(el("p", { class: "soft small", id: "disputed" }, `${found.count.toLocaleString("en")} ${found.count === 1 ? "image" : "images"}`,
      shown < found.count ? `; the ${shown} on which the probabilities differ most are listed` : ""),
    ...(shown ? [scroller("images with different outcomes", el("table", {},
      el("thead", {}, el("tr", {}, ["image", "true class"].map((name) => el("th", { scope: "col" }, name)),
        found.trials.map((trial) => el("th", { scope: "col" }, linked(trial, this.places.get(trial)))))),
      el("tbody", {}, found.images.map((each) => el("tr", { class: "middle" }, el("td", {}, picture(found, each.image)), el("td", {}, each.true_class),
        each.predicted.map((name, place) => {
          const right = name === each.true_class;
          return el("td", { class: right ? "succeeded" : "failed" }, `${right ? "✓" : "✗"} ${name} ${share(each.probabilities[place])}`);
        }))))))] : []));
  }
}

function picture(found, image) {
  const address = `/trials/${found.trials[0]}/images/${found.split}/${image}`;
  return [found.pictures !== "here" ? null : el("img", { class: "thumb", src: `/api${address}`, alt: "", loading: "lazy" }), ` ${image}`];
}
