// Package participant keeps what a participant declared, accepted and wishes: who they are to the
// program (article 2 of the terms), which version they agreed to, how they want to be credited
// (article 12), and that they are gone when they withdraw (article 11).
//
// Nothing here stands between a person and a draft: an answer that needs a decision makes the
// account pending and says why; only sending a report waits for it.
package participant

import (
	"time"

	"golang.org/x/text/language"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
)

// A Profile is what a participant says about themselves.
type Profile struct {
	Person  person.Person
	Country string        // of residence, ISO 3166-1 alpha-2; empty: not said yet
	Born    calendar.Date // zero: not said yet
}

// A Form is a profile as somebody fills it in.
type Form struct {
	Name    string // as they spell it
	Lang    lang.Lang
	Country string
	Born    string // 2006-01-02
}

// oldest is an age nobody has reached: a birth date before it is a typing mistake.
const oldest = 130

// check returns the form's parts as they are stored.
func (f Form) check(today calendar.Date) (name, country string, born calendar.Date, err error) {
	if name, err = person.CleanName(f.Name, "name"); err != nil {
		return "", "", born, err
	}
	if name == "" {
		return "", "", born, fault.New(fault.Invalid, "Say how you want to be called. Any name will do, a handle too.",
			"お名前を入力してください。ハンドルネームでもかまいません。").At("name")
	}
	if !f.Lang.Valid() {
		return "", "", born, fault.New(fault.Invalid, "Choose Japanese or English.", "日本語または英語を選んでください。").At("lang")
	}
	if country, err = parseCountry(f.Country); err != nil {
		return "", "", born, err
	}
	born, err = calendar.Parse(f.Born)
	if err != nil || born.After(today) || today.Year-born.Year > oldest {
		return "", "", born, fault.New(fault.Invalid, "Give the date of your birth as year-month-day, such as 1990-04-01.",
			"生年月日を「1990-04-01」のように入力してください。").At("born")
	}
	return name, country, born, nil
}

// parseCountry reads a country's two-letter code.
func parseCountry(s string) (string, error) {
	if len(s) == 2 {
		if r, err := language.ParseRegion(s); err == nil && r.IsCountry() && r.Canonicalize() == r {
			return r.String(), nil
		}
	}
	return "", fault.New(fault.Invalid, "Choose the country you live in from the list.", "お住まいの国を一覧から選んでください。").At("country")
}

// An Answer is what somebody says about a condition of taking part.
type Answer string

// The answers. Ask is for who is not sure: the desk decides. Admitted and Refused are the desk's.
const (
	Unanswered Answer = ""
	Yes        Answer = "yes" // I meet this condition
	No         Answer = "no"
	Ask        Answer = "ask"
	Admitted   Answer = "admitted"
	Refused    Answer = "refused"
)

// A Declaration is one answer to one condition. They are never changed: a new one is added.
type Declaration struct {
	ID        string
	Person    string
	Clause    string // such as "2.1.ii"
	Answer    Answer
	Text      string    // the version of the wording that was answered
	Lang      lang.Lang // in which it was shown
	DecidedBy string    // for Admitted and Refused
	Reason    string    // for Admitted and Refused
	At        time.Time
}

// standing returns what counts of the answers to one condition, given oldest first. What the desk
// refused stays refused whatever is answered afterwards, until the desk admits it; what it
// admitted was one answer, and a later answer is looked at anew.
func standing(answers []Declaration) Declaration {
	var now Declaration
	for _, d := range answers {
		if now.Answer != Refused || d.Answer == Admitted || d.Answer == Refused {
			now = d
		}
	}
	return now
}

// A Gap is something that stands between a participant and sending a report.
type Gap struct {
	Code   string // "mail", "name", "country", "born", "age", "answer", "no", "ask", "refused", "accept", "closed"
	Clause string // of the terms, where one asks for it
	Text   lang.Text
}

// Conditions returns the conditions of taking part: the items of the terms that qualify a person.
func Conditions(t *program.Terms) []*program.Clause {
	var all []*program.Clause
	for _, c := range t.Clauses() {
		if c.Kind == program.Qualification && c.Depth == 3 {
			all = append(all, c)
		}
	}
	return all
}

// gaps returns everything that stands between a participant and sending a report under terms, but for
// accepting them. answers are by clause, oldest first.
func gaps(p Profile, answers map[string][]Declaration, t *program.Terms, today calendar.Date) []Gap {
	if p.Person.State == person.Disabled || p.Person.State == person.Withdrawn {
		return []Gap{{Code: "closed", Text: lang.Text{EN: "This account is closed.", JA: "このアカウントは閉じられています。"}}}
	}
	var all []Gap
	add := func(missing bool, code, en, ja string) {
		if missing {
			all = append(all, Gap{Code: code, Text: lang.Text{EN: en, JA: ja}})
		}
	}
	add(p.Person.MailVerifiedAt.IsZero(), "mail", "Confirm your mail address with the link that was sent to it.", "届いたメールのリンクから、メールアドレスを確認してください。")
	add(p.Person.Name == "", "name", "Say how you want to be called.", "お名前を入力してください。")
	add(p.Country == "", "country", "Say in which country you live.", "お住まいの国を選んでください。")
	add(p.Born.IsZero(), "born", "Give the date of your birth.", "生年月日を入力してください。")
	for _, c := range Conditions(t) {
		if g, ok := gap(c, standing(answers[c.ID]).Answer); ok {
			g.Clause = c.ID
			all = append(all, g)
		}
		if c.Params.Age == "adult" && !p.Born.IsZero() && !calendar.AdultOn(p.Born, today) {
			from, _ := calendar.AdultFrom(p.Born)
			all = append(all, Gap{Code: "age", Clause: c.ID, Text: fault.New(fault.Conflict,
				"The terms admit adults only (%[1]s). By your date of birth that is from %[3]s on; your drafts are kept until then.",
				"規約により、参加できるのは成年の方です（%[2]s）。生年月日によると%[3]sから参加できます。下書きはそのまま保存されます。",
				c.Label(lang.EN), c.Label(lang.JA), from).Text})
		}
	}
	return all
}

// gap says what an answer to a condition leaves open.
func gap(c *program.Clause, a Answer) (Gap, bool) {
	say := func(code, en, ja string) (Gap, bool) {
		return Gap{Code: code, Text: fault.New(fault.Conflict, en, ja,
			c.Heading.In(lang.EN), c.Label(lang.EN), c.Heading.In(lang.JA), c.Label(lang.JA)).Text}, true
	}
	switch a {
	case Yes, Admitted:
		return Gap{}, false
	case No:
		return say("no",
			"You said that a condition does not hold for you: %[1]s (%[2]s). The desk looks at it; you can go on writing, and correct the answer if it was a mistake.",
			"「%[3]s」（%[4]s）に当てはまらないとの回答です。運営で確認します。下書きは続けられます。誤りの場合は回答を訂正してください。")
	case Ask:
		return say("ask",
			"You asked the desk about a condition: %[1]s (%[2]s). It will answer in your account; you can go on writing.",
			"「%[3]s」（%[4]s）について運営が確認中です。回答はアカウントに届きます。下書きは続けられます。")
	case Refused:
		return say("refused",
			"The desk decided that a condition does not hold for you: %[1]s (%[2]s). The reason stands beside your answer.",
			"「%[3]s」（%[4]s）を満たしていないと判断されました。理由は回答の横に記載しています。")
	}
	return say("answer",
		"Say whether a condition holds for you: %[1]s (%[2]s).",
		"「%[3]s」（%[4]s）について回答してください。")
}
