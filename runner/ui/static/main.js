// Show the page that the address asks for.

import { showExperiment } from "./experiment.js";
import { showExperiments } from "./experiments.js";

const PAGES = [
  [/^\/$/, showExperiments],
  [/^\/experiments\/(\d+)$/, showExperiment],
];

const main = document.getElementById("main");
for (const [pattern, show] of PAGES) {
  const found = pattern.exec(location.pathname);
  if (found) show(main, ...found.slice(1));
}
