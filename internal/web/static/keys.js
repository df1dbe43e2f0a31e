// A list with data-keys is walked with j and k; its rows are [data-row], each with a link. enter
// opens (the link has the focus), x picks the row's checkbox, / goes to the search, ? opens the
// list of keys (#keys), g and a letter go to the place with data-go.
const rows = () => [...document.querySelectorAll("[data-keys] [data-row]")];
const here = () => document.activeElement?.closest("[data-row]");

function move(step) {
  const all = rows(), at = all.indexOf(here());
  const row = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1)];
  row?.querySelector("a[href]")?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

function pick() {
  const box = here()?.querySelector("input[type=checkbox]");
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function help() {
  const keys = document.querySelector("details#keys");
  if (!keys) return;
  keys.open = !keys.open;
  if (keys.open) keys.querySelector("summary").focus();
}

let going = 0; // until when g waits for its letter

export function start() {
  document.addEventListener("change", (e) => {
    if (e.target.type === "checkbox") e.target.closest("[data-row]")?.classList.toggle("chosen", e.target.checked);
  });
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const at = e.target;
    if (at.isContentEditable || /^(TEXTAREA|SELECT)$/.test(at.tagName) || (at.tagName === "INPUT" && at.type !== "checkbox" && at.type !== "radio")) {
      if (e.key === "Escape") at.blur();
      return;
    }
    if (Date.now() < going) {
      going = 0;
      const place = [...document.querySelectorAll("[data-go]")].find((a) => a.dataset.go === e.key);
      if (place) { e.preventDefault(); place.click(); }
      return;
    }
    const act = {
      j: () => move(1),
      k: () => move(-1),
      x: pick,
      "/": () => document.querySelector("[data-search]")?.focus(),
      "?": help,
      g: () => { going = Date.now() + 1500; },
    }[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
}
