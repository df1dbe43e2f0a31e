// <form data-upload data-swap="#files" enctype="multipart/form-data">: files are sent one after
// the other as soon as they are chosen, each with its progress, a way to stop it and a way to try
// again. The list that the server knows comes with the page it answers, by data-swap.
import { say } from "./words.js";
import { submitted } from "./swap.js";

function send(form, input, file) {
  const row = document.createElement("li");
  const name = document.createElement("span"), bar = document.createElement("progress"), state = document.createElement("span");
  name.textContent = file.name;
  bar.max = file.size || 1;
  bar.setAttribute("aria-label", file.name);
  const button = document.createElement("button");
  button.type = "button";
  row.append(name, bar, state, button);
  form.querySelector(".files").append(row);
  return new Promise((done) => {
    const attempt = () => {
      const request = new XMLHttpRequest(), body = new FormData();
      for (const [key, value] of new FormData(form)) if (typeof value === "string") body.append(key, value);
      body.append(input.name, file);
      const failed = (why) => {
        state.textContent = why;
        button.textContent = say("Try again", "再試行");
        button.onclick = attempt;
        done();
      };
      request.upload.onprogress = (e) => {
        bar.value = e.loaded;
        state.textContent = `${Math.floor((100 * e.loaded) / (e.total || 1))}%`;
      };
      request.onload = () => {
        if (request.status >= 400) {
          let why;
          try { why = JSON.parse(request.responseText).error; } catch { why = ""; }
          return failed(why || say("Not sent", "送信できません"));
        }
        row.remove();
        done();
        submitted(form, request);
      };
      request.onerror = () => failed(say("The connection broke", "接続が切れました"));
      request.onabort = () => { row.remove(); done(); };
      button.textContent = say("Stop", "中止");
      button.onclick = () => request.abort();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json, text/html");
      request.send(body);
    };
    attempt();
  });
}

export function start() {
  document.addEventListener("change", async (e) => {
    const form = e.target.closest("form[data-upload]");
    if (!form || e.target.type !== "file") return;
    const files = [...e.target.files], input = e.target;
    for (const file of files) await send(form, input, file);
    input.value = "";
  });
}
