// Every page works as links and forms. This script only makes them quicker: see doc.go for the
// attributes it knows. They mean something on elements of our templates, never inside user text,
// which the sanitizer leaves none of them.
import { say, times } from "./words.js";
import { submit, start as swap } from "./swap.js";
import { start as save } from "./save.js";
import { start as keys } from "./keys.js";
import { start as upload } from "./upload.js";
import { start as passkey } from "./passkey.js";
import "./lines.js";

// data-confirm="really?" asks in the button itself: the first press changes its words, the
// second does it. Moving on takes the question back.
document.addEventListener("click", (e) => {
  const b = e.target.closest("button[data-confirm]");
  if (!b || b.classList.contains("armed")) return;
  e.preventDefault();
  const words = b.textContent;
  b.classList.add("armed");
  b.textContent = b.dataset.confirm;
  b.setAttribute("aria-live", "assertive");
  b.addEventListener("blur", () => {
    b.classList.remove("armed");
    b.textContent = words;
  }, { once: true });
});

// data-press="#id" on a fieldset: picking something in it presses that button.
document.addEventListener("change", (e) => {
  const at = e.target.closest("[data-press]")?.dataset.press;
  const button = at && document.querySelector(at);
  if (button) submit(button.form, button);
});

// data-copy="text": a click copies the whole of what is shown short.
document.addEventListener("click", (e) => {
  const at = e.target.closest("[data-copy]");
  if (!at || !navigator.clipboard || String(getSelection())) return;
  navigator.clipboard.writeText(at.dataset.copy).then(() => {
    const shown = at.textContent;
    at.textContent = say("copied", "コピーしました");
    setTimeout(() => { at.textContent = shown; }, 1200);
  }, () => {}); // not allowed: the text can still be selected
});

times(document);
swap();
save();
keys();
upload();
passkey();
