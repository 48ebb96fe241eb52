// The page of one trial: params, curves, attempts, confusion matrix and explanations.

import { ActionBar } from "./actions.js";
import { reliability } from "./calibration.js";
import { Curves } from "./curves.js";
import { duration, el, facts, follow, head, hostName, moment, number, scroller, share, title } from "./dom.js";
import { Model, SHARES } from "./model.js";

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
  let look = () => {};
  const actions = new ActionBar(() => look());
  look = follow(address, (each) => {
    found = each;
    if (!about.isConnected) main.replaceChildren(about, actions.box, curves.figure, evaluations, rest);
    title(name, [["Experiments", "/"], [`Experiment ${found.experiment}`, `/experiments/${found.experiment}`], [name]]);
    about.replaceChildren(...heading(found, name));
    actions.show(actionsOf(found));
    give(curves, model, found);
    curves.figure.hidden = found.epochs.length === 0;
    evaluations.replaceChildren(...found.evaluations.filter((one) => one.fold === null).map((one) => evaluation(found, one)));
    rest.replaceChildren(...attempts(found), ...explanations(found), ...source(found));
  });
}

function actionsOf(found) {
  const job = `/api/jobs/${found.job}`;
  if (found.trial === null) {
    if (["pending", "running"].includes(found.state)) return [["Cancel", `${job}/cancel`, true]];
    return ["failed", "cancelled"].includes(found.state) ? [["Retry", `${job}/retry`]] : [];
  }
  const evaluated = found.evaluations.some((each) => each.split === "test" && each.fold === null);
  return found.predicts && !evaluated ? [["Evaluate on the test split", `/api/trials/${found.trial}/evaluate`]] : [];
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
    .map((each) => [each, score(found, each)]);
  const commands = found.trial === null ? [] : [
    ["reproduce", el("code", {}, found.provenance.command)],
    ["model", el("span", {}, found.ended_by === "stopped" ? null : [el("a", { href: `/api/trials/${found.trial}/model`, download: "" }, "download"), " or "],
      el("code", {}, `runner export ${found.trial} --out trial-${found.trial}`))],
    ["explain errors", el("code", {}, `runner submit explain --trial ${found.trial} --images wrong`)]];
  return [el("h1", {}, name),
    found.reason ? el("p", { class: "warning" }, found.reason) : null,
    found.not_reproducible ? el("p", { class: "warning" }, `Not reproducible: ${found.not_reproducible}`) : null,
    el("div", { class: "pair" },
      facts([["state", el("span", { class: found.state }, found.state)], ["job", `${found.job} (number ${found.number} of the experiment)`],
        ["epochs", found.network === null || !["train", "tune"].includes(found.kind) ? null : `${found.trained_epochs}${{ patience: ", ended by patience", stopped: ", stopped early" }[found.ended_by] ?? ""}`],
        ["results of", found.reused === null ? null : el("a", { href: `/trials/${found.reused}` }, `trial ${found.reused}, not trained again`)], ...scores,
        ["training time", found.seconds === null ? null : duration(found.seconds)], ["seed", found.seed], ["network", found.network],
        ["data set", found.dataset.title], ["machine", found.fingerprint]]),
      el("div", {}, el("h2", {}, "Params"), params.length ? facts(params) : el("p", {}, "none"))),
    facts(commands)].filter(Boolean);
}

function score(found, name) {
  if (!SHARES.includes(name)) return number(found[name]);
  const ends = name === "val_accuracy" ? found.val_accuracy_interval : null;
  return `${share(found[name])}${ends ? ` (95 % interval ${ends.map(share).join(" to ")})` : ""}`;
}

function evaluation(found, one) {
  const calibration = found.calibrations.find((each) => each.split === one.split);
  const [low, high] = one.accuracy_interval;
  return el("section", {}, el("h2", {}, `Evaluation on the ${one.split} split`),
    el("p", {}, `accuracy ${share(one.accuracy)} (95 % interval ${share(low)} to ${share(high)}), log loss ${number(one.log_loss)}, ${one.images.toLocaleString("en")} images. `,
      LISTED.includes(one.split) ? el("a", { href: imagesAddress(found, one, { choice: "wrong" }) }, "Images with wrong predictions") : null),
    el("div", { class: "beside" }, matrix(found, one), classScores(found, one)),
    calibration ? reliability(calibration) : null);
}

// Splits whose images are listed.
const LISTED = ["validation", "test"];

function imagesAddress(found, one, given) {
  return `/trials/${found.trial}/images?${new URLSearchParams({ split: one.split, ...given })}`;
}

function matrix(found, one) {
  const most = Math.max(...one.confusion.flatMap((row, place) => row.filter((_, column) => column !== place)), 1);
  const cell = (count, row, column) => {
    const said = `${count} images of ${one.classes[row]} predicted as ${one.classes[column]}`;
    const shown = count && LISTED.includes(one.split)
      ? el("a", { title: said, "aria-label": said, href: imagesAddress(found, one, { choice: "all", true: row, predicted: column }) }, String(count)) : String(count);
    const made = el("td", { class: row === column ? "right" : count ? null : "soft" }, shown);
    if (row !== column && count) made.style.background = `color-mix(in srgb, var(--alarm) ${Math.round((35 * count) / most)}%, transparent)`;
    return made;
  };
  return scroller(`confusion matrix of the ${one.split} split`, el("table", { class: "matrix" },
    el("caption", { class: "small soft" }, "Confusion matrix. Rows: true class; columns: predicted class. A number leads to its images."),
    el("thead", {}, el("tr", {}, el("td"), one.classes.map((each) => el("th", { scope: "col", title: each }, each.slice(0, 9))))),
    el("tbody", {}, one.confusion.map((row, place) => el("tr", {}, el("th", { scope: "row" }, one.classes[place]), row.map((count, column) => cell(count, place, column)))))));
}

function classScores(found, one) {
  return scroller(`scores by class of the ${one.split} split`, el("table", {}, el("caption", { class: "small soft" }, "Scores by class."),
    head(["class", "support", "precision", "recall", "F1"]),
    el("tbody", {}, one.per_class.map((row, place) => el("tr", {},
      el("td", {}, LISTED.includes(one.split) ? el("a", { href: imagesAddress(found, one, { choice: "wrong", true: place }) }, row.class) : row.class),
      [row.support, ...[row.precision, row.recall, row.f1].map(share)].map((value) => el("td", { class: "number" }, String(value))))))));
}

// Where an attempt ran, how it ended, and which epochs it trained.
function attempts(found) {
  if (found.attempt_details.length === 0) return [];
  const epochs = (place) => {
    const [first, last] = found.attempt_epochs[place] ?? [null, null];
    if (first === null) return "-";
    return `${first === last ? first : `${first} to ${last}`}${place > 0 && first > 1 ? `, resumed after epoch ${first - 1}` : ""}`;
  };
  return [el("h2", {}, "Attempts"), scroller("attempts", el("table", {},
    head(["attempt", "state", "epochs", "host", "device", "started", "ended"]),
    el("tbody", {}, found.attempt_details.map((each, place) => el("tr", {}, el("td", {}, String(each.attempt)), el("td", { class: each.state }, each.state),
      el("td", {}, epochs(place)), el("td", { title: each.host }, hostName(each.host)), el("td", {}, each.device), [each.started_at, each.ended_at].map((at) => el("td", { class: "state" }, moment(at)))))))),
  ...found.attempt_details.filter((each) => each.error).map((each) => el("details", {}, el("summary", {}, `Error of attempt ${each.attempt}`), code(each.error, `error of attempt ${each.attempt}`)))];
}

function explanations(found) {
  if (found.explanations.length === 0) return [];
  return [el("h2", {}, "Explanations"), el("div", { class: "gallery" }, found.explanations.map((each) =>
    el("a", { href: `/explanations/${each.explanation}` },
      each.picture ? el("img", { src: `/api/explanations/${each.explanation}/image`, alt: `image ${each.image}`, loading: "lazy" }) : null,
      el("span", { class: "small" }, `image ${each.image}, ${each.class}, ${each.method}: ${each.verdict}`))))];
}

function code(text, label) {
  return el("pre", { tabindex: 0, role: "region", "aria-label": label }, text);
}

function source(found) {
  return found.source === null ? [] : [el("details", {}, el("summary", {}, `Code of ${found.network}`), code(found.source, `code of ${found.network}`))];
}
