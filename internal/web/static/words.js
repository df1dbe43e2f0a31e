// What the scripts say, in the page's language.
const ja = document.documentElement.lang === "ja";

// say(english, japanese) is Frame.T on this side.
export const say = (en, japanese) => (ja ? japanese : en);

const japan = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Tokyo", hour: "2-digit", minute: "2-digit", second: "2-digit",
});

// clock says a time of day in Japan, as the pages do.
export const clock = (at) => japan.format(at) + " JST";

const local = new Intl.DateTimeFormat(ja ? "ja" : "en-GB", { dateStyle: "medium", timeStyle: "short" });

// times adds the reader's own time to the two that stand on every time already.
export function times(root) {
  if (local.resolvedOptions().timeZone === "Asia/Tokyo") return;
  for (const t of root.querySelectorAll("time[datetime*='T'][title]")) {
    t.title += "\n" + say("Where you are: ", "お使いの地域：") + local.format(new Date(t.dateTime));
  }
}
