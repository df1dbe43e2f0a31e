// <form data-passkey="register|login" data-begin="/…" data-finish="/…">: begin gets the form's
// fields and answers with the options of WebAuthn as JSON; the device answers them; finish gets
// that answer and says where to go next: {"next": "/…"}. A form kept over a lost session goes to
// /kept instead. Without script the form posts to its own action, which says what to do.
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
  const answer = await fetch(url, { method: "POST", body, headers });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}

async function run(form) {
  const register = form.dataset.passkey === "register";
  const options = decode(await post(form.dataset.begin, new URLSearchParams(new FormData(form))));
  const answer = register ? await navigator.credentials.create(options) : await navigator.credentials.get(options);
  const said = await post(form.dataset.finish, JSON.stringify(encode(answer)), "application/json");
  if (form.elements.kept) {
    form.action = "/kept";
    return form.submit();
  }
  const next = new URL(said.next, location.origin);
  location.assign(next.origin === location.origin ? next : "/");
}

// why says in words what a device's refusal means.
function why(error) {
  if (error.name === "NotAllowedError") return say("The passkey was not used: cancelled, or not found on this device. Nothing was changed.", "パスキーを使用できませんでした（キャンセル、またはこの端末に見つかりません）。変更はありません。");
  if (error.name === "InvalidStateError") return say("This device already has a passkey for your account.", "この端末のパスキーは登録済みです。");
  if (error instanceof TypeError) return say("We cannot be reached. Try again in a moment.", "接続できません。しばらくしてからお試しください。");
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
    try {
      await run(form);
    } catch (error) {
      alert.textContent = why(error);
    } finally {
      if (button) button.disabled = false;
    }
  });
}
