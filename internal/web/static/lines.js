// data-at="12:5" on a link to a text field: the place is selected there, and the line comes into sight.
document.addEventListener("click", (e) => {
  const a = e.target.closest("a[data-at]");
  const text = a && document.querySelector(a.getAttribute("href"));
  if (!(text instanceof HTMLTextAreaElement)) return;
  e.preventDefault();
  const [line, column] = a.dataset.at.split(":").map(Number);
  const lines = text.value.split("\n");
  const begins = lines.slice(0, line - 1).reduce((n, l) => n + l.length + 1, 0);
  const end = begins + (lines[line - 1] ?? "").length;
  text.focus();
  text.setSelectionRange(Math.min(begins + Math.max(column - 1, 0), end), end);
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(line - 4, 0);
});
