package web

import (
	"net/http"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
)

// The style pages show every part that pages are made of, with the longest plausible content, so
// that a change of the style is looked at in one place. They exist in a demonstration only, and
// what they show is made up here: nothing on them comes from the database.

type stylePage struct {
	Frame
	Rows     []styleRow
	Stations []Station
	At       time.Time // the report's receipt
	Until    time.Time
	SHA256   string
	Said     string
	Hostile  string
	Vector   []Field
	Classes  []Option
	Found    []Option
	Seen     []Option
	Score    string
	Bars     []styleBar
}

type styleRow struct {
	Number, Target string
	Title          lang.Text
	Class          lang.Text
	Urgency        string
	Severity       string
	Score          string
	Mine           bool
	Whose          lang.Text
	Due, Since     time.Time
}

type styleBar struct{ X, Y, H, OpenY, OpenH, Mid, N int }

// styleNow is when the style pages play: in the story's second week.
var styleNow = time.Date(2020, 10, 27, 1, 12, 0, 0, time.UTC)

func (s *Server) getStyle(w http.ResponseWriter, r *http.Request) error {
	views := map[string][2]string{
		"":         {"Parts of the pages", "ページの部品"},
		"queue":    {"Queue", "キュー"},
		"report":   {"A bot adds itself as a friend through the CLOVA API without the user's consent", "CLOVA の API を通じて、ボットが利用者の同意なく友だちに追加される"},
		"reporter": {"Your report", "あなたの報告"},
		"form":     {"Report a vulnerability", "脆弱性を報告する"},
	}
	view := r.PathValue("view")
	title, ok := views[view]
	if !ok {
		return s.notFound(w, r)
	}
	p := stylePage{
		Frame: s.frame(r, title[0], title[1]), Rows: styleRows(), SHA256: strings.Repeat("9f86d081884c7d65", 4),
		At: time.Date(2020, 10, 15, 8, 56, 3, 0, time.UTC), Until: time.Date(2020, 10, 28, 15, 0, 0, 0, time.UTC),
	}
	p.Now, p.Score = styleNow, "7.5"
	p.Caller = access.Caller{ID: "style", Kind: access.Staff, Roles: []access.Role{access.Triager}}
	p.Name = p.T("Sato Haruka", "佐藤 遥")
	p.Nav = styleNav("/style/" + view)
	if view == "reporter" || view == "form" {
		p.Caller, p.Name = access.Caller{ID: "style", Kind: access.Participant}, "Li Mei-hua 李美華"
	}
	if view == "form" {
		p.Keep = "report"
	}
	p.Said, p.Hostile = p.T(styleSaid.EN, styleSaid.JA), styleHostile
	p.Classes = []Option{{Value: "auth", Label: p.T("Authorisation", "認可の不備")}, {Value: "xss", Label: p.T("Cross-site scripting", "クロスサイトスクリプティング")}}
	p.Found = []Option{
		{Value: "self", Label: p.T("I found it myself", "自分で見つけた")},
		{Value: "seen", Label: p.T("I saw somebody use it", "使われているのを見た"), Help: p.T("Then it is urgent, whatever the rest says.", "この場合、他の回答にかかわらず緊急として扱います。")},
	}
	p.Seen = []Option{{Value: "yes", Label: p.T("I came to see data of other people", "他の方の情報を見てしまった"),
		Help: p.T("Say so honestly: it is shown to whoever decides, as such.", "正直にお答えください。そのまま判断者に示されます。")}}
	p.Stations, p.Vector, p.Bars = styleStations(p.Frame), styleVector(p.Frame), styleBars()
	name := "style.html"
	if view != "" {
		name = "style-" + view + ".html"
	}
	return s.show(w, r, name, p)
}

// postStyle refuses whatever was typed, to show a form again.
func (s *Server) postStyle(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("title") == "" {
		return fault.New(fault.Invalid, "Give the report a title of one line.", "件名を1行で入力してください。").At("title")
	}
	s.flash(w, "Nothing was sent: this is the style page.", "これは見本のページのため、送信していません。")
	return seeOther(w, r, "/style/form")
}

// postStyleDraft says yes to every draft, and keeps none.
func (s *Server) postStyleDraft(w http.ResponseWriter, r *http.Request) error {
	return writeJSON(w, http.StatusOK, map[string]string{"version": "2"})
}

func (s *Server) getStyleLive(w http.ResponseWriter, r *http.Request) error {
	return s.live(w, r, "style")
}

func styleNav(here string) []NavItem {
	place := func(path, en, ja, key string, desk bool, n int) NavItem {
		return NavItem{Place: Place{Path: path, Name: lang.Text{EN: en, JA: ja}, Key: key, Desk: desk}, Count: n, Here: path == here}
	}
	return []NavItem{
		place("/style/queue", "Queue", "キュー", "q", true, 38), place("/style/report", "A report", "報告", "r", true, 0),
		place("/style", "Parts", "部品", "p", true, 0),
		place("/style/reporter", "Reporter's page", "報告者のページ", "", false, 0),
		place("/style/form", "Report a vulnerability", "脆弱性を報告する", "", false, 0),
	}
}

func styleStations(f Frame) []Station {
	day := func(month time.Month, d int) time.Time { return time.Date(2020, month, d, 3, 0, 0, 0, time.UTC) }
	left := func(t time.Time) string { return f.Due(t).Left }
	return []Station{
		{Name: f.T("Received", "受付"), When: f.Day(day(10, 15)), Done: true},
		{Name: f.T("First answer", "初回の返信"), When: f.Day(day(10, 16)), Left: f.T("in time", "期限内"), Done: true},
		{Name: f.T("Your answer", "あなたの返信"), When: f.Day(day(10, 28)), Left: left(day(10, 28)), Here: true, Mine: true},
		{Name: f.T("Decision", "判断"), When: f.Day(day(11, 6)), Left: left(day(11, 6))},
		{Name: f.T("Fix", "修正"), When: f.Day(day(12, 14))},
		{Name: f.T("You may publish", "公開可能"), When: f.Day(time.Date(2021, 10, 16, 3, 0, 0, 0, time.UTC))},
	}
}

func styleVector(f Frame) []Field {
	pick := func(name, en, ja, now string, options ...string) Field {
		var list []Option
		for i := 0; i < len(options); i += 3 {
			list = append(list, Option{Value: options[i], Label: f.T(options[i+1], options[i+2]), Help: name + ":" + options[i]})
		}
		return f.Choice(name, f.T(en, ja), list, now)
	}
	impact := []string{"N", "None", "なし", "L", "Low", "低", "H", "High", "高"}
	return []Field{
		pick("AV", "Attack vector", "攻撃元区分", "N", "N", "Network", "ネットワーク", "A", "Adjacent", "隣接", "L", "Local", "ローカル", "P", "Physical", "物理"),
		pick("AC", "Attack complexity", "攻撃の複雑さ", "L", "L", "Low", "低", "H", "High", "高"),
		pick("PR", "Privileges required", "必要な権限", "N", "N", "None", "不要", "L", "Low", "低", "H", "High", "高"),
		pick("UI", "User interaction", "利用者の関与", "N", "N", "None", "不要", "R", "Required", "要"),
		pick("S", "Scope", "影響の範囲", "U", "U", "Unchanged", "変更なし", "C", "Changed", "変更あり"),
		pick("C", "Confidentiality", "機密性", "N", impact...),
		pick("I", "Integrity", "完全性", "H", impact...),
		pick("A", "Availability", "可用性", "N", impact...),
	}
}

// styleBars is how many reports were answered on the nth business day, and how many wait so long.
func styleBars() []styleBar {
	done, open := []int{31, 58, 44, 27, 19, 11, 8, 5, 3, 2, 1, 1}, []int{2, 3, 1, 4, 2, 0, 3, 1, 0, 1, 0, 1}
	var bars []styleBar
	for i := range done {
		h, o := done[i]*2, open[i]*2
		bars = append(bars, styleBar{X: 40 + i*56, Y: 150 - h, H: h, OpenY: 150 - h - o, OpenH: o, Mid: 40 + i*56 + 20, N: i})
	}
	return bars
}
