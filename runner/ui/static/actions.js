// Buttons that change something: only where the server allows it, and with its token.

import { NO_ANSWER, documentAt, el } from "./dom.js";

let asked = null;

function allowed() {
  asked ??= documentAt("/api/actions").catch((error) => { asked = null; throw error; });
  return asked;
}

// Whether it was done, and what the server says of it.
async function act(address, token) {
  let [answer, said] = [null, null];
  try {
    answer = await fetch(address, { method: "POST", headers: { "X-Runner-Token": token } });
    said = await answer.json();
  } catch {
    return { done: false, text: NO_ANSWER };
  }
  return { done: answer.ok, text: answer.ok ? said.text : `${said.error}${said.fix ? `; to fix it: ${said.fix}` : ""}` };
}

// A bar of buttons; `show` is called with [words, address, must be confirmed] of each.
export class ActionBar {
  constructor(done = () => {}) {
    this.done = done;
    this.buttons = el("span", { class: "bar" });
    this.said = el("p", { class: "small said", role: "status" });
    this.box = el("div", { class: "actions", hidden: true }, this.buttons, this.said);
  }

  async show(actions) {
    const { allowed: may, token } = await allowed();
    this.box.hidden = !may;
    const key = JSON.stringify(actions);
    if (!may || key === this.shown) return;
    this.shown = key;
    this.buttons.replaceChildren(...actions.map((each) => this.button(token, ...each)));
  }

  button(token, words, address, confirmed = false) {
    let sure = !confirmed;
    const doubt = () => { [made.textContent, sure] = [words, !confirmed]; };
    const made = el("button", { type: "button", onblur: doubt, onkeydown: (event) => { if (event.key === "Escape") doubt(); }, onclick: async () => {
      if (!sure) {
        sure = true;
        made.textContent = `${words}: are you sure?`;
        return;
      }
      made.disabled = true;
      this.said.textContent = (await act(address, token)).text;
      made.disabled = false;
      doubt();
      this.done();
    } }, words);
    return made;
  }
}

// A small button for each image of a gallery.
export async function addExplainButtons(trial, cards) {
  const { allowed: may, token } = await allowed();
  if (!may) return;
  for (const [image, card] of cards) {
    const said = el("span", { role: "status" });
    const made = el("button", { type: "button", class: "small", onclick: async () => {
      made.disabled = true;
      const { done, text } = await act(`/api/trials/${trial}/explain/${image}`, token);
      [made.disabled, said.textContent] = [done, ` ${text}`];
    } }, "Explain");
    card.append(made, said);
  }
}
