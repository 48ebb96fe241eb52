// Elements, texts of values, and documents from the server.

// Texts become text nodes, so markup in a name is shown and never read as markup.
export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
}

export function number(value, digits = 4) {
  if (value === null || value === undefined) return "-";
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(digits)));
}

export function share(value) {
  return value === null || value === undefined ? "-" : value.toFixed(3);
}

export function signed(value) {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;
}

// "1 job", "3 jobs".
export function counted(count, unit) {
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}

// A moment of the server, all of whose times are in UTC.
export function moment(text) {
  return text ? `${text.slice(0, 16).replace("T", " ")} UTC` : "-";
}

// The name of a host; what follows it tells its boots and containers apart.
export function hostName(host) {
  return host.split("/")[0];
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "-";
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${rest} s` : `${rest} s`;
}

export function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

// A table that may be wider than the window, and is then scrolled, also with the keyboard.
export function scroller(label, ...children) {
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, ...children);
}

export function head(names) {
  return el("thead", {}, el("tr", {}, names.map((name) => el("th", { scope: "col" }, name))));
}

// A select of values, or of pairs of a value and its text; `label` is for those without a visible one.
export function choice(options, oninput, label = null) {
  return offer(el("select", { "aria-label": label, oninput: (event) => oninput(event.target.value) }), options);
}

export function offer(select, options) {
  select.replaceChildren(...options.map((each) => {
    const [value, text = value] = [each].flat();
    return el("option", { value }, text);
  }));
  return select;
}

// The colour of one of several trials that are drawn over one another.
export function swatch(place) {
  return el("span", { class: `swatch c${place + 1}`, "aria-hidden": "true" });
}

export function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [el("dt", {}, name), el("dd", {}, value instanceof Node ? value : String(value))]));
}

export function title(words, path) {
  document.title = `${words} - runner`;
  document.getElementById("path").replaceChildren(...path.flatMap(([name, address]) => [
    " / ", address ? el("a", { href: address }, name) : name]));
}

export class Refused extends Error {
  constructor(answer, said) {
    super(said.error);
    [this.expected, this.fix] = [said.expected, said.fix];
    this.isEmpty = answer.headers.get("X-Store") === "none";
  }
}

// Change what is shown; what had the focus has it again if it was made anew.
export function keepFocus(change) {
  const before = document.activeElement;
  change();
  if (before === document.body || before.isConnected) return;
  const same = [...document.getElementsByTagName(before.tagName)].find((each) => keyOf(each) === keyOf(before));
  same?.focus({ preventScroll: true });
}

function keyOf(element) {
  return element.dataset.key || element.getAttribute("href") || element.getAttribute("aria-label") || element.textContent;
}

// The browser sends the tag of what it has, and gets the document again only if it changed.
export async function ask(address) {
  const answer = await fetch(address, { cache: "no-cache" });
  if (!answer.ok) throw new Refused(answer, await answer.json());
  return answer;
}

export async function documentAt(address) {
  return (await ask(address)).json();
}

const EVERY = 2000;
const EXAMPLE = "runner submit tune --downsample 0.01 --seed 2 --dataset shapes --epochs 1 --wait";
export const NO_ANSWER = "the server does not answer";

// Show a document, and again whenever it has changed; the function returned asks at once. While
// `wanted` is false it is not asked for again.
export function follow(address, show, wanted = () => true, refused = showRefusal) {
  const live = document.getElementById("live");
  let [tag, timer] = [null, null];
  async function look() {
    clearTimeout(timer);
    try {
      if (!document.hidden && (tag === null || wanted())) {
        const answer = await ask(typeof address === "function" ? address() : address);
        const found = `${answer.url} ${answer.headers.get("Etag")}`;
        if (found !== tag) {
          const read = await answer.json();
          keepFocus(() => show(read));
          tag = found;
        }
        live.textContent = "live";
      }
    } catch (error) {
      live.textContent = error instanceof Refused ? "" : NO_ANSWER;
      if (error instanceof Refused) refused(error);
      else if (!(error instanceof TypeError && error.message.includes("fetch"))) throw error;
    } finally {
      clearTimeout(timer);
      timer = setTimeout(look, EVERY);
    }
  }
  look();
  return () => { tag = null; return look(); };
}

export function showRefusal(error) {
  const main = document.getElementById("main");
  if (error.isEmpty) main.replaceChildren(el("h1", {}, "No experiments yet"), ...welcome(error));
  else main.replaceChildren(el("h1", {}, "Not available"), ...refusal(error), el("p", {}, el("a", { href: "/" }, "All experiments")));
}

// Where there is no store yet.
function welcome(error) {
  return [el("p", {}, "This page shows experiments as soon as they are submitted. A small one that needs no data set, for example:"),
    el("p", {}, el("code", {}, EXAMPLE)), el("p", { class: "soft small" }, sentence(error.message))];
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

export function refusal(error) {
  if (!(error instanceof Refused)) throw error;
  return [el("p", {}, sentence(error.message)),
    ...[["Expected", error.expected], ["To fix it", error.fix]].filter(([, said]) => said)
      .map(([name, said]) => el("p", { class: "soft" }, `${name}: ${sentence(said).replace(/^./, (first) => first.toLowerCase())}`))];
}

// A part of the address, which can be shared, without another page in the history.
export function setQuery(name, value) {
  // A report is a file, whose address is its own.
  if (location.protocol === "file:") return;
  const address = new URL(location.href);
  if (value === "" || value === null) address.searchParams.delete(name);
  else address.searchParams.set(name, value);
  history.replaceState(null, "", address);
}

export function query(name) {
  return new URL(location.href).searchParams.get(name) ?? "";
}
