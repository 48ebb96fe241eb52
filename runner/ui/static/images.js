// The images of a trial's evaluation: right or wrong, by class, by confidence.

import { addExplainButtons } from "./actions.js";
import { choice, el, follow, offer, query, refusal, setQuery, share, title } from "./dom.js";

const NAMED = [["split", ["validation", "test"]], ["choice", ["wrong", "right", "all"]], ["order", ["sure", "unsure"]]];
const WORDS = { sure: "most confident first", unsure: "least confident first" };
// Probabilities that are listed under an image.
const MOST_CLASSES = 5;

export function showImages(main, trial) {
  let look = () => {};
  const given = Object.fromEntries(["split", "choice", "true", "predicted", "order", "page"].map((name) => [name, query(name)]));
  const change = (name) => (value) => {
    given[name] = value;
    setQuery(name, value);
    if (name !== "page") { given.page = ""; setQuery("page", ""); }
    look();
  };
  const selects = NAMED.map(([name, values]) => named(name, values, given[name], change(name)));
  const [truth, predicted] = ["true", "predicted"].map((name) => choice([["", "any"]], change(name)));
  const controls = el("div", { class: "bar" }, selects, el("label", {}, "True class", truth), el("label", {}, "Predicted class", predicted));
  const [heading, body] = [el("h1"), el("div")];
  const name = `Images of trial ${trial}`;
  title(name, [["Experiments", "/"], [`Trial ${trial}`, `/trials/${trial}`], ["Images"]]);
  heading.textContent = name;
  look = follow(() => `/api/trials/${trial}/images?${wanted(given)}`, (found) => {
    if (!body.isConnected) main.replaceChildren(heading, controls, body);
    for (const [select, of] of [[truth, "true"], [predicted, "predicted"]]) {
      offer(select, [["", "any"], ...found.classes.map((each, label) => [label, each])]);
      select.value = given[of];
    }
    const cards = new Map(found.images.map((each) => [each.image, card(found, each)]));
    body.replaceChildren(...listed(found, [...cards.values()], change("page")));
    if (found.split === "test") addExplainButtons(trial, cards);
  }, () => true, (error) => {
    // The controls stay, to choose another split.
    main.replaceChildren(heading, controls, body);
    body.replaceChildren(...refusal(error));
  });
}

function named(name, values, value, oninput) {
  const select = choice(values.map((each) => [each, WORDS[each] ?? each]), oninput);
  if (values.includes(value)) select.value = value;
  return el("label", {}, { split: "Split", choice: "Predictions", order: "Order" }[name], select);
}

function wanted(given) {
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value !== ""));
}

function listed(found, cards, turn) {
  const notes = { none: [el("p", { class: "warning", id: "why" }, `${found.reason} Only numbers are shown.`)], reading: [el("p", { class: "soft" }, "The data set is being read.")], here: [] };
  const step = (words, page, allowed) => el("button", { type: "button", disabled: !allowed, onclick: () => turn(String(page)) }, words);
  const pages = found.pages > 1 ? [el("div", { class: "bar" }, step("Previous", found.page - 1, found.page > 1), `page ${found.page} of ${found.pages.toLocaleString("en")}`,
    step("Next", found.page + 1, found.page < found.pages))] : [];
  return [...notes[found.pictures], el("p", { class: "soft small", id: "count", role: "status" }, `${found.count.toLocaleString("en")} ${found.count === 1 ? "image" : "images"}`),
    el("ul", { class: "gallery" }, cards), ...pages];
}

function card(found, each) {
  const right = each.true_class === each.predicted_class;
  return el("li", {}, found.pictures !== "here" ? null
    : el("img", { src: `/api/trials/${found.trial}/images/${found.split}/${each.image}`, alt: `image ${each.image}: ${each.true_class}`, loading: "lazy" }),
  el("div", { class: "small" }, el("strong", {}, `image ${each.image}: ${each.true_class}`),
    el("div", { class: right ? "succeeded" : "failed" }, `${right ? "✓" : "✗"} ${each.predicted_class} ${share(each.probability)}`),
    each.probabilities ? bars(found, each) : null,
    each.explanations.length ? el("div", {}, each.explanations.slice(0, 3).map((number) => [el("a", { href: `/explanations/${number}` }, `explanation ${number}`), " "])) : null));
}

function bars(found, each) {
  const order = each.probabilities.map((value, label) => [value, label]).sort((a, b) => b[0] - a[0]).slice(0, MOST_CLASSES);
  return el("details", {}, el("summary", {}, "Probabilities"), el("table", {}, el("tbody", {}, order.map(([value, label]) => el("tr", {},
    el("td", {}, found.classes[label]), el("td", { class: "number" }, share(value)))))));
}
