// <form data-passkey="register|login" data-begin="/…" action="/…">: begin gets the form's fields
// and answers with an id and the options of WebAuthn as JSON; the device answers them; then the
// form goes to its own action as a form does, with two fields more: ceremony and credential. The
// page that comes back says how it went. Without script the action says what to do instead.
// With data-conditional a login is also offered where the field asks for it: autocomplete="webauthn".
import { say } from "./words.js";

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function decode({ publicKey: o }) {
  const id = (c) => ({ ...c, id: bytes(c.id) });
  const out = { ...o, challenge: bytes(o.challenge) };
  if (o.user) out.user = { ...o.user, id: bytes(o.user.id) };
  if (o.excludeCredentials) out.excludeCredentials = o.excludeCredentials.map(id);
  if (o.allowCredentials) out.allowCredentials = o.allowCredentials.map(id);
  return { publicKey: out };
}

function encode(c) {
  const r = c.response, response = { clientDataJSON: text(r.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (r[part]) response[part] = text(r[part]);
  }
  if (r.getTransports) response.transports = r.getTransports();
  return {
    id: c.id, rawId: text(c.rawId), type: c.type, response,
    authenticatorAttachment: c.authenticatorAttachment, clientExtensionResults: c.getClientExtensionResults(),
  };
}

async function post(url, body, type) {
  const headers = { Accept: "application/json" };
  if (type) headers["Content-Type"] = type;
  const answer = await fetch(url, { method: "POST", body, headers }).catch(() => {
    throw new Error(say("We cannot be reached. Try again in a moment.", "接続できません。しばらくしてからお試しください。"));
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

// conditional is the offer that waits in a field; a browser has one request at a time.
let conditional;

async function run(form, mediation) {
  const register = form.dataset.passkey === "register";
  const begun = await post(form.dataset.begin, new URLSearchParams(new FormData(form)));
  const options = decode(begun.options);
  conditional?.abort();
  if (mediation) {
    conditional = new AbortController();
    Object.assign(options, { mediation, signal: conditional.signal });
  }
  const answer = register ? await navigator.credentials.create(options) : await navigator.credentials.get(options);
  field(form, "ceremony", begun.id);
  field(form, "credential", JSON.stringify(encode(answer)));
  form.submit();
}

function field(form, name, value) {
  const input = form.elements[name] ?? form.appendChild(document.createElement("input"));
  Object.assign(input, { type: "hidden", name, value });
}

// offer lets a passkey be picked in the field. What the server asks with lasts five minutes, so it
// asks anew before they are over.
async function offer(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  for (;;) {
    const over = setTimeout(() => conditional?.abort(), 240000);
    try {
      return await run(form, "conditional");
    } catch (error) {
      if (error.name !== "AbortError" || form.matches("[aria-busy]")) return;
    } finally {
      clearTimeout(over);
    }
  }
}

// why says in words what a device's refusal means.
function why(error) {
  if (error.name === "NotAllowedError") return say("The passkey was not used: cancelled, or not found on this device. Nothing was changed.", "パスキーを使用できませんでした（キャンセル、またはこの端末に見つかりません）。変更はありません。");
  if (error.name === "InvalidStateError") return say("This device already has a passkey for your account.", "この端末のパスキーは登録済みです。");
  return error.message;
}

export function start() {
  const able = "credentials" in navigator && window.PublicKeyCredential;
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (!form.dataset.passkey || !able) return;
    e.preventDefault();
    const alert = form.querySelector("[role=alert]") ?? form.appendChild(document.createElement("p"));
    alert.setAttribute("role", "alert");
    alert.textContent = "";
    const button = e.submitter;
    if (button) button.disabled = true;
    form.setAttribute("aria-busy", "true");
    try {
      await run(form);
    } catch (error) {
      alert.textContent = why(error);
    } finally {
      if (button) button.disabled = false;
      form.removeAttribute("aria-busy");
    }
  });
  const waits = able && document.querySelector("form[data-conditional]");
  if (waits) offer(waits);
}
