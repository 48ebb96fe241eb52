// The page of all experiments: search, state, progress and the best trial of each, live.

import { counted, duration, el, follow, hostName, moment, number, query, scroller, setQuery, share, title } from "./dom.js";

const STATES = ["running", "pending", "succeeded", "failed", "cancelled"];
const SHARES = ["accuracy", "val_accuracy"];

export function showExperiments(main) {
  title("Experiments", []);
  const search = el("input", { type: "search", value: query("search"), size: 30,
    placeholder: "name, tag, kind, data set" });
  const state = el("select", {}, el("option", { value: "" }, "any state"),
    STATES.map((each) => el("option", { value: each }, each)));
  state.value = query("state");
  const archived = el("input", { type: "checkbox", checked: query("archived") === "yes" });
  const [about, body] = [el("div"), scroller("experiments")];
  let overview = null;
  function draw() {
    if (overview === null) return;
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = overview.experiments.filter((row) => isShown(row, words, state.value, archived.checked));
    about.replaceChildren(...aboutWorkers(overview));
    body.replaceChildren(overview.experiments.length === 0
      ? el("p", {}, "No experiments yet: see ", el("code", {}, "runner submit --help"), ".")
      : el("p", { class: "soft small", id: "count" },
        `${shown.length} of ${overview.experiments.length} experiments`),
    ...(shown.length ? [table(shown)] : []));
  }
  for (const [input, name] of [[search, "search"], [state, "state"]]) {
    input.addEventListener("input", () => { setQuery(name, input.value); draw(); });
  }
  archived.addEventListener("input", () => { setQuery("archived", archived.checked ? "yes" : ""); draw(); });
  const controls = el("div", { class: "bar" }, el("label", {}, "Search", search),
    el("label", {}, "State", state), el("label", {}, archived, "Show archived"));
  follow("/api/experiments", (found) => {
    overview = found;
    // After an error, such as a store that was not there yet, the page is made again.
    if (!body.isConnected) main.replaceChildren(el("h1", {}, "Experiments"), about, controls, body);
    draw();
  });
}

function isShown(row, words, state, archived) {
  if (row.archived && !archived) return false;
  if (state && !row.states[state]) return false;
  const text = [row.experiment, row.name, row.kind, row.dataset, row.note, ...row.tags].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function aboutWorkers(overview) {
  const count = overview.workers.length;
  const unfinished = overview.experiments.some((row) => row.states.pending + row.states.running);
  const where = Object.entries(Object.groupBy(overview.workers, (each) => `${hostName(each.host)} (${each.device})`))
    .map(([place, found]) => (found.length > 1 ? `${found.length} on ${place}` : place)).join(", ");
  const said = count ? `${count} ${count === 1 ? "worker" : "workers"}: ${where}` : "No worker is running";
  return [
    el("p", { class: "soft small" }, `${said}; ${overview.store}`),
    ...(overview.trouble ? [el("p", { class: "warning" }, overview.trouble)] : []),
    ...(overview.waiting ? [el("p", { class: "warning" }, overview.waiting)] : []),
    ...(!count && unfinished ? [el("p", { class: "warning" },
      "Jobs are waiting and no worker is running: start workers with ", el("code", {}, "runner up"), ".")] : []),
  ];
}

function table(rows) {
  const heads = ["experiment and tags", "state", "progress", "best"];
  const optional = ["kind", "data set", "submitted"];
  return el("table", { class: "list" },
    el("thead", {}, el("tr", {}, heads.map((name) => el("th", { scope: "col" }, name)),
      optional.map((name) => el("th", { scope: "col", class: "optional" }, name)))),
    el("tbody", {}, rows.map(line)));
}

function line(row) {
  const address = `/experiments/${row.experiment}`;
  const ended = row.states.pending + row.states.running === 0;
  const best = row.best === null ? "-"
    : `${row.metric === "val_accuracy" ? "" : `${row.metric} `}${SHARES.includes(row.metric) ? share(row.best) : number(row.best)}`;
  const mean = best !== "-" && row.folds ? `mean ${best} over ${row.folds} folds` : best;
  return el("tr", {},
    el("td", {}, el("a", { href: address }, row.name ? `${row.experiment}: ${row.name}` : String(row.experiment)), " ",
      row.tags.map((tag) => el("span", { class: "tag", title: tag }, tag))),
    el("td", { class: "state" }, states(row)),
    el("td", {}, ended ? counted(row.done, row.unit) : [el("progress", { max: row.total || 1, value: row.done,
      "aria-label": `progress of experiment ${row.experiment}` }), ` ${row.done}/${row.total}`, row.seconds_left === null ? null
      : el("div", { class: "soft" }, `ETA ${duration(row.seconds_left)}`)]),
    el("td", { class: "number" }, mean),
    el("td", { class: "optional" }, row.kind),
    el("td", { class: "optional" }, row.dataset),
    el("td", { class: "optional state" }, moment(row.created_at)));
}

export function states(row) {
  const found = STATES.filter((state) => row.states[state]);
  const parts = found.map((state) => el("span", { class: state }, `${row.states[state]} ${state}`));
  const shown = parts.flatMap((part, place) => (place ? [", ", part] : [part]));
  return [...shown, row.paused ? " (paused)" : "", row.archived ? " (archived)" : ""];
}
