// The page of one trial: params, curves, attempts, confusion matrix and explanations.

import { Curves } from "./curves.js";
import { documentAt, el, facts, follow, number, query, setQuery, share, title } from "./dom.js";
import { Model } from "./model.js";

export function showTrial(main, id) {
  show(main, `/api/trials/${id}`, `Trial ${id}`);
}

export function showJob(main, id) {
  show(main, `/api/jobs/${id}`, `Job ${id}`);
}

function show(main, address, name) {
  let found = null;
  const model = new Model();
  const curves = new Curves(model, () => give(curves, model, found));
  const [about, evaluations, rest] = [el("div"), el("div"), el("div")];
  follow(address, (each) => {
    found = each;
    if (!about.isConnected) main.replaceChildren(about, curves.figure, evaluations, rest);
    title(name, [["Experiments", "/"], [`Experiment ${found.experiment}`, `/experiments/${found.experiment}`], [name]]);
    about.replaceChildren(...heading(found, name));
    give(curves, model, found);
    curves.figure.hidden = found.epochs.length === 0;
    evaluations.replaceChildren(...found.evaluations.filter((one) => one.fold === null).map((one) => evaluation(found, one)));
    rest.replaceChildren(...attempts(found), ...explanations(found), ...source(found));
  });
}

// The curves of an experiment, of which this trial is the only one.
function give(curves, model, found) {
  model.replace({ rows: 1, columns: { job: [found.job], trial: [found.trial], state: [found.state], reason: [null] },
    params: [], differing: [], metrics: [], by: "" });
  const metric = curves.metric.value;
  curves.show({ jobs: [found.job], values: [found.epochs.map((epoch) => epoch[metric] ?? null)] });
}

function heading(found, name) {
  const params = Object.entries(found.params).map(([param, value]) => [param, number(value, 6)]);
  const scores = ["val_accuracy", "val_loss", "accuracy", "loss", "best_val_accuracy"].filter((each) => found[each] !== null)
    .map((each) => [each, number(found[each])]);
  const commands = found.trial === null ? [] : [
    ["reproduce", el("code", {}, found.provenance.command)],
    ["model", el("code", {}, `runner export ${found.trial} --out trial-${found.trial}`)],
    ["explain errors", el("code", {}, `runner submit explain --trial ${found.trial} --images wrong`)]];
  return [el("h1", {}, name),
    found.reason ? el("p", { class: "warning" }, found.reason) : null,
    found.not_reproducible ? el("p", { class: "warning" }, `Not reproducible: ${found.not_reproducible}`) : null,
    el("div", { class: "pair" },
      facts([["state", el("span", { class: found.state }, found.state)], ["job", `${found.job}, number ${found.number}`],
        ["epochs", `${found.trained_epochs}${found.ended_by === "patience" ? ", ended by patience" : ""}`], ...scores,
        ["seconds", found.seconds === null ? null : number(found.seconds)], ["seed", found.seed], ["network", found.network],
        ["data set", found.dataset.title], ["machine", found.fingerprint]]),
      el("div", {}, el("h2", {}, "Params"), params.length ? facts(params) : el("p", {}, "none"))),
    facts(commands)].filter(Boolean);
}

function evaluation(found, one) {
  const images = el("div");
  const most = Math.max(...one.confusion.map((row) => row.reduce((sum, each) => sum + each, 0)), 1);
  const cell = (count, row, column) => {
    const made = el("td", { class: row === column ? "right" : null }, count === 0 ? "0" : el("button", { class: "plain", type: "button",
      title: `${count} images of ${one.classes[row]} predicted as ${one.classes[column]}`,
      onclick: () => open(row, column) }, String(count)));
    if (row !== column && count) made.style.background = `color-mix(in srgb, var(--alarm) ${Math.round(70 * count / most)}%, transparent)`;
    return made;
  };
  async function open(row, column) {
    setQuery("split", one.split);
    setQuery("cell", `${row}-${column}`);
    const listed = await documentAt(`/api/trials/${found.trial}/${one.split}/${row}/${column}`);
    images.replaceChildren(...cellImages(found, one, listed, [row, column]));
  }
  const wanted = query("split") === one.split ? /^(\d+)-(\d+)$/.exec(query("cell")) : null;
  if (wanted && one.classes[wanted[1]] && one.classes[wanted[2]]) open(Number(wanted[1]), Number(wanted[2]));
  const [low, high] = one.accuracy_interval;
  return el("section", {}, el("h2", {}, `Evaluation on the ${one.split} split`),
    el("p", {}, `accuracy ${share(one.accuracy)} (95 % interval ${share(low)} to ${share(high)}), log loss ${number(one.log_loss)}, ${one.images.toLocaleString("en")} images`),
    el("div", { class: "pair" },
      el("div", { class: "scroll" }, el("table", { class: "matrix" }, el("caption", { class: "small soft" }, "rows: true class; columns: predicted class; click a number for its images"),
        el("thead", {}, el("tr", {}, el("td"), one.classes.map((each) => el("th", { scope: "col", title: each }, each.slice(0, 9))))),
        el("tbody", {}, one.confusion.map((row, place) => el("tr", {}, el("th", { scope: "row" }, one.classes[place]), row.map((count, column) => cell(count, place, column))))))),
      el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["class", "support", "precision", "recall", "F1"].map((each) => el("th", { scope: "col" }, each)))),
        el("tbody", {}, one.per_class.map((row) => el("tr", {}, el("td", {}, row.class), [row.support, row.precision, row.recall, row.f1].map((value) => el("td", { class: "number" }, number(value, 3)))))))),
    ), images);
}

function cellImages(found, one, listed, [row, column]) {
  const explained = new Map(found.explanations.map((each) => [each.image, each]));
  return [el("h3", {}, `${listed.count} ${listed.count === 1 ? "image" : "images"} of ${one.classes[row]} predicted as ${one.classes[column]}`),
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ["image", "probability", "of the true class", "explanation"].map((each) => el("th", { scope: "col" }, each)))),
      el("tbody", {}, listed.images.map((each) => {
        const known = explained.get(each.image);
        return el("tr", {}, el("td", {}, String(each.image)), el("td", { class: "number" }, share(each.probability)), el("td", { class: "number" }, share(each.true_probability)),
          el("td", {}, known && one.split === "test" ? el("a", { href: `/explanations/${known.explanation}` }, known.verdict) : "-"));
      })))),
    one.split === "test" ? el("p", { class: "soft small" }, "Explain some with ", el("code", {}, `runner submit explain --trial ${found.trial} --images ${listed.images.slice(0, 5).map((each) => each.image).join(",")}`)) : null].filter(Boolean);
}

function attempts(found) {
  if (found.attempt_details.length === 0) return [];
  const time = (text) => (text ? text.slice(0, 19).replace("T", " ") : "-");
  return [el("h2", {}, "Attempts"), el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, ["attempt", "state", "host", "device", "started", "ended"].map((each) => el("th", { scope: "col" }, each)))),
    el("tbody", {}, found.attempt_details.map((each) => el("tr", {}, el("td", {}, String(each.attempt)), el("td", { class: each.state }, each.state), el("td", {}, each.host), el("td", {}, each.device), el("td", {}, time(each.started_at)), el("td", {}, time(each.ended_at))))))),
  ...found.attempt_details.filter((each) => each.error).map((each) => el("details", {}, el("summary", {}, `Error of attempt ${each.attempt}`), el("pre", {}, each.error)))];
}

function explanations(found) {
  if (found.explanations.length === 0) return [];
  return [el("h2", {}, "Explanations"), el("div", { class: "gallery" }, found.explanations.map((each) =>
    el("a", { href: `/explanations/${each.explanation}` },
      each.picture ? el("img", { src: `/api/explanations/${each.explanation}/image`, alt: `image ${each.image}`, loading: "lazy" }) : null,
      el("span", { class: "small" }, `image ${each.image}, ${each.class}: ${each.verdict}`))))];
}

function source(found) {
  return found.source === null ? [] : [el("details", {}, el("summary", {}, `Code of ${found.network}`), el("pre", {}, found.source))];
}
