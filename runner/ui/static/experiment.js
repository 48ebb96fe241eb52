// The page of one experiment: its state, its trials and their figures, with one selection.

import { ActionBar } from "./actions.js";
import { Curves } from "./curves.js";
import { counted, duration, el, facts, follow, head, moment, number, scroller, share, title } from "./dom.js";
import { states } from "./experiments.js";
import { Model, SHARES } from "./model.js";
import { Parallel } from "./parallel.js";
import { Scatter } from "./scatter.js";
import { Table } from "./table.js";

const LOOKS = 4;
const MOST_JOBS = 200;

export function showExperiment(main, id) {
  const model = new Model();
  const [about, importance] = [el("div"), el("section")];
  const table = new Table(model);
  let look = () => {};
  const actions = new ActionBar(() => look());
  const parallel = new Parallel(model);
  const scatter = new Scatter(model);
  let again = null;
  // The curves change only when the trials do: they are asked for a few times after that.
  let left = LOOKS;
  const curves = new Curves(model, () => again?.());
  const jobs = el("section");
  const figures = el("div", { class: "figures" }, parallel.figure, curves.figure, scatter.figure, importance);
  look = follow(`/api/experiments/${id}`, (found) => {
    const trains = ["train", "tune"].includes(found.kind);
    if (!about.isConnected) main.replaceChildren(about, actions.box, ...(trains ? [table.figure, figures] : [jobs]));
    about.replaceChildren(...heading(found));
    actions.show(actionsOf(found, id));
    model.replace(found);
    left = LOOKS;
    if (!trains) { jobs.replaceChildren(...jobTable(found)); return; }
    table.prepare();
    parallel.prepare();
    parallel.figure.hidden = found.differing.length === 0;
    scatter.prepare();
    importance.replaceChildren(...importances(found));
    scatter.figure.classList.toggle("wide", importance.childElementCount === 0);
    // The server reads them while the rest is drawn.
    again ??= follow(() => `/api/experiments/${id}/curves?metric=${curves.metric.value}`, (each) => curves.show(each), () => left-- > 0);
  });
}

function actionsOf({ states, paused }, id) {
  const open = states.pending + states.running;
  const address = `/api/experiments/${id}`;
  return [
    open ? ["Cancel", `${address}/cancel`, true] : null,
    states.failed + states.cancelled ? ["Retry failed and cancelled jobs", `${address}/retry`] : null,
    open && !paused ? ["Pause", `${address}/pause`] : null,
    paused ? ["Resume", `${address}/resume`] : null,
  ].filter(Boolean);
}

function heading(found) {
  const named = found.name ? `Experiment ${found.experiment}: ${found.name}` : `Experiment ${found.experiment}`;
  title(named, [["Experiments", "/"], [named]]);
  const ended = found.states.pending + found.states.running === 0;
  return [
    el("h1", {}, named),
    found.winner ? el("p", {}, ...winner(found)) : null,
    found.folds ? el("p", { id: "point" }, bestPoint(found)) : null,
    facts([
      ["state", el("span", {}, ...states(found))],
      ["progress", `${found.done} of ${counted(found.total, found.unit)}${ended || found.seconds_left === null ? "" : `, ETA ${duration(found.seconds_left)}`}`],
      ["kind", found.kind], ["data set", found.dataset || "none"],
      ["tags", found.tags.join(", ") || null], ["note", found.note],
      ["submitted", moment(found.created_at)],
      ["command", el("code", {}, found.command)],
      // Others have their results on the pages of their trials.
      ["results", found.of_trial === null ? null : el("span", {}, el("a", { href: `/trials/${found.of_trial}` }, `Trial ${found.of_trial}`),
        " or ", el("code", {}, `runner report ${found.experiment}`))],
    ]),
  ].filter(Boolean);
}

function winner(found) {
  const { winner: best, columns, by } = found;
  const value = number((columns[by] ?? columns[`metrics.${by}`])[0]);
  const close = columns.noise.filter((each) => each === true).length;
  const known = columns.noise.some((each) => each !== null);
  const said = [el("a", { href: `/trials/${best.trial}` }, `Trial ${best.trial}`),
    ` is the best of ${best.chosen_from.toLocaleString("en")}: ${by} ${value}.`];
  if (known) said.push(close ? ` ${close.toLocaleString("en")} ${close === 1 ? "other is" : "others are"} not significantly worse.`
    : " It is significantly better than all others.");
  if (best.test) said.push(` On the test split, not used for selection: accuracy ${best.test.accuracy.toFixed(3)}`,
    ` (${best.test.accuracy_interval.map((each) => each.toFixed(3)).join(" to ")}).`);
  else if (best.predicts) said.push(" Evaluate it on the test split with ",
    el("code", {}, `runner submit evaluate --trial ${best.trial}`), ".");
  return said;
}

// Of points that are trained on folds; reports have the same mean and interval.
function bestPoint({ best_point: best, folds, by, differing }) {
  if (!best) return `No point has been trained on all ${folds} folds yet.`;
  const value = SHARES.includes(by) ? share : number;
  const names = differing.map((name) => name.replace("params.", "")).filter((name) => name in best.params);
  const params = names.map((name) => `${name} ${number(best.params[name])}`).join(", ");
  const around = best.interval ? ` (${best.interval.map(value).join(" to ")}, 95 % interval over folds)` : "";
  return `The best of ${counted(best.complete, "point")} with all ${folds} folds${params ? ` is ${params}` : ""}: mean ${by} ${value(best.mean)}${around}.`;
}

// Of experiments that do not train.
function jobTable({ columns }) {
  const rows = columns.job.slice(0, MOST_JOBS);
  return [el("h2", {}, "Jobs"), scroller("jobs", el("table", {}, head(["job", "state", "reason"]),
    el("tbody", {}, rows.map((job, row) => el("tr", {}, el("td", {}, el("a", { href: `/jobs/${job}` }, String(job))),
      el("td", { class: columns.state[row] }, columns.state[row]), el("td", {}, columns.reason[row] ?? "-")))))),
  ...(rows.length < columns.job.length ? [el("p", { class: "soft small" }, `The first ${rows.length} of ${counted(columns.job.length, "job")}.`)] : [])];
}

// The importance and its interval as a mark and a bar; the numbers stand beside them.
function track({ importance, interval }) {
  const made = el("span", { class: "track", "aria-hidden": "true" });
  for (const [name, low, high] of [["interval", ...(interval ?? [0, 0])], ["mark", importance, importance]]) {
    if (low === null) continue;
    const part = el("span", { class: name });
    [part.style.left, part.style.width] = [`${100 * low}%`, `${100 * (high - low)}%`];
    made.append(part);
  }
  return made;
}

function importances(found) {
  const rows = found.influence?.params ?? [];
  if (rows.length === 0) return [];
  return [
    el("h2", {}, `Importance for ${found.by}`),
    scroller("importance", el("table", {},
      el("thead", {}, el("tr", {}, ["param", "importance", null, "95 % interval", "p", "correlation"].map((name) => (
        name === null ? el("td", { class: "optional" }) : el("th", { scope: "col" }, name))))),
      el("tbody", {}, rows.map((row) => el("tr", {}, el("td", {}, row.param),
        el("td", { class: "number" }, share(row.importance)), el("td", { class: "optional" }, track(row)), el("td", { class: "number" }, row.interval ? row.interval.map(share).join(" to ") : "-"),
        el("td", { class: "number" }, number(row.p, 2)), el("td", { class: "number" }, number(row.correlation, 2))))))),
    el("p", { class: "soft small" }, `The share of the variance that each param explains on its own, from ${found.influence.trials.toLocaleString("en")} trials, corrected for chance. It shows no causation.`),
  ];
}
