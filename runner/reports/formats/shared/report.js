// Draw the learning curves of a report that is one file.

import { Curves } from "./curves.js";
import { offer } from "./dom.js";
import { Model } from "./model.js";

function drawReport(box) {
  const given = JSON.parse(box.querySelector("script").textContent);
  const model = new Model();
  const curves = new Curves(model, () => show());
  const names = Object.keys(given.values);
  const show = () => curves.show({ jobs: given.job, values: given.values[curves.metric.value] });
  offer(curves.metric, names);
  curves.metric.value = names.includes(given.by) ? given.by : names[0];
  box.append(curves.figure);
  model.replace({ rows: given.job.length, by: given.by, params: [], differing: [], metrics: [],
    columns: { job: given.job, trial: given.trial, noise: given.noise, [given.by]: given.scores } });
  show();
}

for (const box of document.querySelectorAll(".curves")) drawReport(box);
