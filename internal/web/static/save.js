// <form data-autosave="/drafts/…" id="…">: the form is posted there, whole, a moment after the
// last change. Until the server has confirmed it, a copy lies in this browser; it is put back
// after a crash, a closed tab or a lost network. The state stands in the form's .saved, with the
// time. The answer is JSON; its "version", if any, goes into the hidden field of that name, so
// that the server can refuse (409) to overwrite what was changed in another window. A form that
// is shown again with what was typed, not with what is stored, carries data-typed.
import { say, clock } from "./words.js";

const PAUSE = 800; // after the last key
const LONGEST = 5000; // of typing without a save
const forms = new Map();

const fieldsOf = (form) => {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  return fields;
};

// What was typed, without the server's own bookkeeping.
const typed = (form) => {
  const fields = fieldsOf(form);
  fields.delete("version");
  for (const el of form.querySelectorAll("input[type=password]")) fields.delete(el.name);
  return fields.toString();
};

class Draft {
  constructor(form) {
    this.form = form;
    this.url = form.dataset.autosave;
    this.key = "draft " + this.url;
    this.state = form.querySelector(".saved") ?? form.appendChild(document.createElement("p"));
    this.state.classList.add("saved");
    this.state.setAttribute("role", "status");
    this.safe = "typed" in form.dataset ? null : typed(form); // what the server has
    this.wait = 2000; // before the next attempt
    this.failed = false;
    form.addEventListener("input", () => this.changed());
    form.addEventListener("change", () => this.changed());
    form.addEventListener("submit", () => this.leave());
    this.restore();
  }

  restore() {
    let copy;
    try { copy = JSON.parse(localStorage.getItem(this.key)); } catch { copy = null; }
    if (this.safe === null) return this.changed();
    if (!copy || copy.fields === this.safe) return this.forget();
    const when = clock(copy.at);
    if (copy.base === (this.form.elements.version?.value ?? "")) {
      this.fill(copy.fields);
      this.tell(say(`Put back: what you typed until ${when} had not reached us.`, `${when}までの未保存の入力を復元しました。`));
      return this.save();
    }
    // The server's draft is newer than the copy: the person decides, and both stay until then.
    this.tell(say(`This browser also has what you typed until ${when}, from an older version. `, `このブラウザーには${when}時点の、以前の版への入力も残っています。`));
    const back = document.createElement("button");
    back.type = "button";
    back.className = "quiet";
    back.textContent = say("Use that instead", "そちらを使う");
    back.addEventListener("click", () => { this.fill(copy.fields); this.changed(); });
    this.state.append(back);
    this.held = true;
  }

  fill(query) {
    const fields = new URLSearchParams(query);
    for (const el of this.form.elements) {
      if (!el.name || el.type === "hidden" || el.type === "file" || el.type === "password") continue;
      if (el.type === "checkbox" || el.type === "radio") el.checked = fields.getAll(el.name).includes(el.value);
      else if (fields.has(el.name)) el.value = fields.get(el.name);
    }
  }

  changed() {
    this.held = false;
    this.keep();
    clearTimeout(this.timer);
    this.since ??= Date.now();
    this.timer = setTimeout(() => this.save(), Math.max(0, Math.min(PAUSE, this.since + LONGEST - Date.now())));
  }

  keep() {
    const copy = { fields: typed(this.form), at: Date.now(), base: this.form.elements.version?.value ?? "" };
    try { localStorage.setItem(this.key, JSON.stringify(copy)); } catch { /* full or forbidden: the server's copy is what counts */ }
  }

  forget() {
    if (this.held) return;
    try { localStorage.removeItem(this.key); } catch { /* then there is none */ }
  }

  async save() {
    clearTimeout(this.timer);
    if (this.saving || this.held) return;
    const now = typed(this.form);
    if (now === this.safe) return this.forget();
    this.saving = true;
    this.since = undefined;
    let answer, body = {};
    try {
      answer = await fetch(this.url, { method: "POST", body: fieldsOf(this.form), headers: { Accept: "application/json" } });
      if (answer.status !== 204) body = await answer.json();
    } catch { answer = undefined; }
    this.saving = false;
    if (!answer?.ok) return this.fail(answer?.status, body.error);
    this.safe = now;
    this.failed = false;
    this.wait = 2000;
    if (body.version !== undefined && this.form.elements.version) this.form.elements.version.value = body.version;
    if (typed(this.form) === now) this.forget(); else this.changed();
    this.tell(say(`Saved at ${clock(Date.now())}`, `${clock(Date.now())} に保存しました`));
  }

  fail(status, why) {
    this.failed = true;
    this.keep();
    const kept = say(" What you typed is kept in this browser.", "入力内容はこのブラウザーに残っています。");
    if (status === 401) {
      this.tell(say("Not saved: you are signed out.", "サインアウトされているため保存できません。") + kept + " ", true);
      const a = document.createElement("a");
      a.href = "/sign-in";
      a.target = "_blank";
      a.textContent = say("Sign in in another tab, then go on here.", "別のタブでサインインすると続けられます。");
      this.state.append(a);
    } else if (status && status < 500 && status !== 429) {
      this.tell((why ?? say("Not saved.", "保存できません。")) + kept, true);
      return; // trying again would not help; the next change does
    } else {
      const seconds = Math.round(this.wait / 1000);
      this.tell(say(`Not saved: we cannot be reached. Trying again in ${seconds} s.`, `接続できず保存できません。${seconds}秒後に再試行します。`) + kept, true);
    }
    this.timer = setTimeout(() => this.save(), this.wait);
    this.wait = Math.min(this.wait * 2, 60000);
  }

  tell(words, bad = false) {
    this.state.textContent = words;
    this.state.classList.toggle("failed", bad);
  }

  // leave remembers that the form was sent: the copy may go once a page came that has no such
  // form, which is what success looks like.
  leave() {
    clearTimeout(this.timer);
    this.keep();
    this.failed = false;
    try { sessionStorage.setItem("sent", this.key); } catch { /* then the copy is compared next time */ }
  }
}

// adopt takes up the forms of a node that has just come into the page.
export function adopt(root) {
  for (const form of root.querySelectorAll("form[data-autosave]")) {
    if (!forms.has(form)) forms.set(form, new Draft(form));
  }
  for (const form of forms.keys()) if (!form.isConnected) forms.delete(form);
}

export function start() {
  adopt(document);
  try {
    const sent = sessionStorage.getItem("sent");
    sessionStorage.removeItem("sent");
    if (sent && ![...forms.values()].some((d) => d.key === sent)) localStorage.removeItem(sent);
  } catch { /* no storage, no copy */ }
  addEventListener("online", () => forms.forEach((d) => d.save()));
  addEventListener("focus", () => forms.forEach((d) => d.failed && d.save()));
  addEventListener("beforeunload", (e) => {
    if ([...forms.values()].some((d) => d.failed)) e.preventDefault();
  });
}
