// data-swap="#id" on a form, a button or a link: fetch the page it leads to, and take the node of
// that id out of it. The server knows nothing of this: it always answers with the whole page.
// data-live="/path" on a node with an id: when the stream says "changed", do that with this page.
import { say, times } from "./words.js";
import { adopt } from "./save.js";

// The one Trusted Types policy, and the one place where text becomes nodes: a page of our own.
const policy = window.trustedTypes
  ? trustedTypes.createPolicy("app", { createHTML: (page) => page })
  : { createHTML: (page) => page };

const parse = (page) => new DOMParser().parseFromString(policy.createHTML(page), "text/html");

// handle says how to find an element again in a fresh copy of the page, so that the keyboard stays
// where it was.
const handle = (el) =>
  el.id ? "#" + CSS.escape(el.id)
    : el.hasAttribute("href") ? `a[href="${CSS.escape(el.getAttribute("href"))}"]`
      : el.name ? `[name="${CSS.escape(el.name)}"]` : "";

// put takes the nodes named by selector out of an answer and in the place of ours. An answer
// without them, such as an error, takes the place of the whole content.
async function put(answer, selector) {
  const page = parse(await answer.text());
  const names = selector.split(",").map((s) => s.trim());
  const whole = !answer.ok && answer.status !== 422 && answer.status !== 409;
  for (const name of whole || !names.every((n) => page.querySelector(n)) ? ["#main"] : names) {
    const fresh = page.querySelector(name), old = document.querySelector(name);
    if (!fresh || !old) return location.assign(answer.url || location.href);
    const held = old.contains(document.activeElement) && handle(document.activeElement);
    const node = document.importNode(fresh, true);
    old.replaceWith(node);
    if (name === "#main") document.title = page.title;
    if (held) node.querySelector(held)?.focus({ preventScroll: true });
    node.querySelector("[role=alert]")?.scrollIntoView({ block: "nearest" });
    listen(node);
    adopt(node);
    times(node);
  }
}

async function load(url, options, selector, busy) {
  busy?.setAttribute("aria-busy", "true");
  try {
    await put(await fetch(url, options), selector);
  } catch {
    return false;
  } finally {
    busy?.removeAttribute("aria-busy");
  }
  return true;
}

// submit sends a form as its button says, by swap where that is asked for.
export function submit(form, button) {
  const swap = button?.dataset.swap ?? form.dataset.swap;
  if (!swap) return form.requestSubmit(button);
  const data = new FormData(form, button);
  const url = new URL(button?.hasAttribute("formaction") ? button.formAction : form.action);
  const post = (button?.getAttribute("formmethod") ?? form.method).toLowerCase() === "post";
  const fields = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string") fields.append(name, value);
  if (!post) url.search = fields;
  const files = [...data.values()].some((v) => v instanceof File && v.size > 0);
  load(url, post ? { method: "POST", body: files ? data : fields } : {}, swap, form).then((done) => {
    if (done) {
      if (!post) history.replaceState(null, "", url);
    } else {
      form.querySelector("[data-offline]")?.remove();
      const note = document.createElement("p");
      note.className = "notice wrong";
      note.dataset.offline = "";
      note.setAttribute("role", "alert");
      note.textContent = say("Not sent: the connection is gone. What you typed is still here; try again.",
        "接続できず、送信できませんでした。入力内容は残っています。もう一度お試しください。");
      form.append(note);
    }
  });
}

// submitted takes up the page that answered an upload, which was sent by XMLHttpRequest for its
// progress.
export const submitted = (form, request) =>
  put(new Response(request.responseText, { status: request.status }), form.dataset.swap ?? "#main");

const streams = new Map(); // of data-live nodes, by id

// touched reports whether a field holds something other than the server sent.
const touched = (el) =>
  el.type === "checkbox" || el.type === "radio" ? el.checked !== el.defaultChecked
    : el.options ? el.selectedIndex !== Math.max(0, [...el.options].findLastIndex((o) => o.defaultSelected))
      : el.value !== el.defaultValue;

// busyIn reports whether replacing a node would take something out of the reader's hands: a field
// they are in or have changed, something they have opened or selected.
function busyIn(node) {
  const at = document.activeElement;
  const typing = at && node.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) && at.type !== "checkbox";
  const reading = getSelection();
  return typing || node.querySelector(".armed, details[open]") || [...node.querySelectorAll("input, textarea, select")].some(touched) ||
    (!reading.isCollapsed && node.contains(reading.anchorNode));
}

function look(id) {
  const node = document.getElementById(id);
  if (!node) return close(id);
  if (busyIn(node)) return void setTimeout(look, 3000, id);
  load(location.href, {}, "#" + CSS.escape(id));
}

function close(id) {
  streams.get(id)?.close();
  streams.delete(id);
}

function listen(root) {
  const nodes = [...root.querySelectorAll("[data-live][id]")];
  if (root.dataset?.live && root.id) nodes.push(root);
  for (const { id, dataset } of nodes) {
    if (streams.has(id) || document.hidden) continue;
    const stream = new EventSource(dataset.live);
    stream.addEventListener("changed", () => look(id));
    streams.set(id, stream);
  }
}

export function start() {
  document.addEventListener("submit", (e) => {
    if (!(e.submitter?.dataset.swap ?? e.target.dataset.swap)) return;
    e.preventDefault();
    submit(e.target, e.submitter);
  });
  document.addEventListener("click", (e) => {
    const a = e.target.closest("a[data-swap]");
    if (!a || e.ctrlKey || e.metaKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    load(a.href, {}, a.dataset.swap, a).then((done) => (done ? history.pushState(null, "", a.href) : location.assign(a.href)));
  });
  addEventListener("popstate", () => location.reload());
  // A hidden page keeps no connection: browsers allow only a few to one host.
  document.addEventListener("visibilitychange", () => {
    const ids = [...streams.keys()];
    ids.forEach(close);
    if (document.hidden) return;
    listen(document);
    [...streams.keys()].forEach(look);
  });
  listen(document);
}
