// Show the page that the address asks for.

import { showCompare } from "./compare.js";
import { showExperiment } from "./experiment.js";
import { showExperiments } from "./experiments.js";
import { showExplanation } from "./explanation.js";
import { showImages } from "./images.js";
import { showJob, showTrial } from "./trial.js";

const PAGES = [
  [/^\/$/, showExperiments],
  [/^\/compare$/, showCompare],
  [/^\/experiments\/(\d+)$/, showExperiment],
  [/^\/trials\/(\d+)$/, showTrial],
  [/^\/trials\/(\d+)\/images$/, showImages],
  [/^\/jobs\/(\d+)$/, showJob],
  [/^\/explanations\/(\d+)$/, showExplanation],
];

const main = document.getElementById("main");
for (const [pattern, show] of PAGES) {
  const found = pattern.exec(location.pathname);
  if (found) show(main, ...found.slice(1));
}
