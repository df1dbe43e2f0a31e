package program

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	gocvss31 "github.com/pandatix/go-cvss/31"
	"gopkg.in/yaml.v3"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/lang"
)

// params is every key that may stand under a clause's params, in the order a reader sees them.
// It is filled here and never changed.
var params = []param{
	{key: "reached", name: lang.Text{JA: "到達方法", EN: "Reached by"},
		read: func(r *reader, n *yaml.Node, p *Params) { p.Reached = r.oneOf(n, App, Web) },
		show: showWord(func(p *Params) string { return p.Reached })},
	{key: "release", name: lang.Text{JA: "アプリの版", EN: "Version of the app"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Release = r.oneOf(n, "latest") },
		show: showWord(func(p *Params) string { return p.Release })},
	{key: "platforms", name: lang.Text{JA: "プラットフォーム", EN: "Platforms"}, once: true,
		read: readPlatforms, show: showPlatforms},
	{key: "domains", name: lang.Text{JA: "ドメイン", EN: "Domains"}, once: true,
		read: readDomains, show: showDomains},
	{key: "sites", name: lang.Text{JA: "ウェブサイト", EN: "Websites"}, once: true,
		read: readSites, show: showSites},
	{key: "outside", name: lang.Text{JA: "対象外の起動方法", EN: "Not covered when reached by"},
		read: func(r *reader, n *yaml.Node, p *Params) { p.Outside = r.manyOf(n, SeparateProcess) },
		show: showWords(func(p *Params) []string { return p.Outside })},
	{key: "periods", name: lang.Text{JA: "期間", EN: "Periods"}, read: readPeriods, show: showPeriods},
	{key: "classes", name: lang.Text{JA: "目安の金額", EN: "Guide rewards"}, read: readClasses, show: showClasses},
	{key: "rate", name: lang.Text{JA: "換算", EN: "Conversion"}, once: true, read: readRate, show: showRate},
	{key: "pays", name: lang.Text{JA: "支払通貨", EN: "Paid in"}, read: readPays, show: showPays},
	{key: "fees", name: lang.Text{JA: "手数料の負担", EN: "Transfer fees borne by"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Fees = r.oneOf(n, "company") },
		show: showWord(func(p *Params) string { return p.Fees })},
	{key: "languages", name: lang.Text{JA: "言語", EN: "Languages"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Languages = r.languages(n) }, show: showLanguages},
	{key: "prevailing", name: lang.Text{JA: "優先する言語", EN: "Prevailing language"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Prevailing = r.language(n) },
		show: showWord(func(p *Params) string { return string(p.Prevailing) })},
	{key: "zone", name: lang.Text{JA: "時間帯", EN: "Time zone"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { r.zone(n); p.Zone = n.Value },
		show: showWord(func(p *Params) string { return p.Zone })},
	{key: "start", name: lang.Text{JA: "プログラムの開始日", EN: "Start of the program"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Start = r.date(n) },
		show: showDate(func(p *Params) calendar.Date { return p.Start })},
	{key: "in_force", name: lang.Text{JA: "効力発生日", EN: "In force from"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.InForce = r.date(n) },
		show: showDate(func(p *Params) calendar.Date { return p.InForce })},
	{key: "age", name: lang.Text{JA: "年齢", EN: "Age"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.Age = r.oneOf(n, "adult") },
		show: showWord(func(p *Params) string { return p.Age })},
	{key: "sanctions", name: lang.Text{JA: "経済制裁", EN: "Sanctions of"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) {
			p.Sanctions = r.matching(n, countryPattern, "a two-letter country code", "2文字の国コード")
		},
		show: showWords(func(p *Params) []string { return p.Sanctions })},
	{key: "account_site", name: lang.Text{JA: "登録サイト", EN: "Account site"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.AccountSite = r.webAddress(n) },
		show: showWord(func(p *Params) string { return p.AccountSite })},
	{key: "contact_form", name: lang.Text{JA: "問い合わせフォーム", EN: "Contact form"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.ContactForm = r.webAddress(n) },
		show: showWord(func(p *Params) string { return p.ContactForm })},
	{key: "secret_until", name: lang.Text{JA: "秘密が解ける条件", EN: "Secret until"}, once: true,
		read: func(r *reader, n *yaml.Node, p *Params) { p.SecretUntil = r.manyOf(n, "fixed", "published") },
		show: showWords(func(p *Params) []string { return p.SecretUntil })},
}

var (
	namePattern     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	countryPattern  = regexp.MustCompile(`^[A-Z]{2}$`)
	currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)
	amountPattern   = regexp.MustCompile(`^(0|[1-9]\d{0,11})(\.\d{2})?$`)
	lengthPattern   = regexp.MustCompile(`^([1-9]\d{0,3}) (day|month|year)s?$`)
	vrtPattern      = regexp.MustCompile(`^[a-z0-9_]{2,80}(\.[a-z0-9_]{2,120}){0,2}$`)
	domainPattern   = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

func readParams(r *reader, n *yaml.Node) Params {
	var p Params
	known := make([]string, len(params))
	for i, d := range params {
		known[i] = d.key
	}
	f := r.fields(n, known...)
	for _, d := range params {
		if v := f[d.key]; v != nil {
			d.read(r, v, &p)
		}
	}
	return p
}

func readPlatforms(r *reader, n *yaml.Node, p *Params) {
	for _, item := range r.list(n) {
		id := r.name(item)
		if _, ok := r.terms.Platform(id); !ok && id != "" {
			r.complain(item, ruleUnknown, "There is no platform %q; the file's platforms say which there are.",
				"プラットフォーム%qはありません。ファイルのplatformsにあるものを使ってください。", id)
			continue
		}
		p.Platforms = append(p.Platforms, id)
	}
}

// readDomains reads patterns: "line.me" is the name alone, "*.line.me" everything below it.
func readDomains(r *reader, n *yaml.Node, p *Params) {
	for _, pattern := range r.matching(n, domainPattern, "a domain such as line.me or *.line.me", "line.meや*.line.meのようなドメイン") {
		name, below := strings.CutPrefix(pattern, "*.")
		i := slices.IndexFunc(p.Domains, func(d Domain) bool { return d.Name == name })
		if i < 0 {
			i, p.Domains = len(p.Domains), append(p.Domains, Domain{Name: name})
		}
		p.Domains[i].Subdomains = p.Domains[i].Subdomains || below
		p.Domains[i].Apex = p.Domains[i].Apex || !below
	}
}

func readSites(r *reader, n *yaml.Node, p *Params) {
	for _, item := range r.list(n) {
		if address := r.webAddress(item); address != "" {
			u, _ := url.Parse(address) // webAddress has parsed it
			p.Sites = append(p.Sites, Site{URL: address, Scheme: u.Scheme, Host: u.Host})
		}
	}
}

func readPeriods(r *reader, n *yaml.Node, p *Params) {
	for _, item := range r.list(n) {
		f := r.fields(item, "id!", "name!", "length!", "from!", "about!", "extends")
		d := Period{Clause: r.clause, Kind: r.name(f["id"]), Name: r.text(f["name"]), From: r.text(f["from"])}
		if m := lengthPattern.FindStringSubmatch(r.scalar(f["length"])); m != nil {
			d.N, _ = strconv.Atoi(m[1])
			d.Unit = m[2]
		} else if f["length"] != nil {
			r.complain(f["length"], ruleDate, "%q is no length of time; write it like 30 days, 1 month or 1 year.",
				"期間%qは読めません。30 days、1 month、1 yearのように書いてください。", f["length"].Value)
		}
		for _, a := range r.list(f["about"]) {
			d.About = append(d.About, r.name(a))
		}
		d.Extends = r.flag(f["extends"])
		p.Periods = append(p.Periods, d)
	}
}

func readClasses(r *reader, n *yaml.Node, p *Params) {
	for _, item := range r.list(n) {
		f := r.fields(item, "id!", "name!", "means!", "guide!", "cwe", "vrt", "vector")
		c := Class{Clause: r.clause, ID: r.name(f["id"]), Name: r.text(f["name"]), Means: r.text(f["means"]), Guide: r.amount(f["guide"])}
		for _, w := range r.list(f["cwe"]) {
			id, err := strconv.Atoi(r.scalar(w))
			if err != nil || id < 1 || id > 9999 {
				r.complain(w, ruleClass, "%q is no CWE number; write it like 79.", "%qはCWE番号ではありません。79のように書いてください。", w.Value)
				continue
			}
			c.CWE = append(c.CWE, id)
		}
		if v := f["vrt"]; v != nil {
			c.VRT = r.vrt(v)
		}
		if v := f["vector"]; v != nil {
			c.Vector = r.vector(v)
		}
		p.Classes = append(p.Classes, c)
	}
}

func readRate(r *reader, n *yaml.Node, p *Params) {
	f := r.fields(n, "from!", "to!", "day!", "closed!", "rounding!")
	p.Rate = &Rate{
		From: r.currency(f["from"]), To: r.currency(f["to"]), Day: r.oneOf(f["day"], "month_end"),
		Closed:   r.manyOf(f["closed"], "saturday", "sunday", "public_holiday", "year_end"),
		Rounding: r.oneOf(f["rounding"], "down"),
	}
}

func readPays(r *reader, n *yaml.Node, p *Params) {
	f := r.fields(n, "account!", "currency!")
	p.Pays = &Pays{Account: r.oneOf(f["account"], "japan", "abroad"), Currency: r.currency(f["currency"])}
}

// amount reads {amount: "3000", currency: USD}. The amount is a quoted decimal: an unquoted one
// would be a floating-point number to other readers of the file.
func (r *reader) amount(n *yaml.Node) Amount {
	f := r.fields(n, "amount!", "currency!")
	a := Amount{Currency: r.currency(f["currency"])}
	v := f["amount"]
	if v == nil {
		return a
	}
	if v.Tag != "!!str" || !amountPattern.MatchString(v.Value) {
		r.complain(v, ruleAmount, "%q cannot be read as an amount; write it in quotes, without separators, with two decimals or none: \"3000\".",
			"金額%qは読めません。引用符で囲み、桁区切りなし、小数は2桁かなしで、\"3000\"のように書いてください。", v.Value)
		return a
	}
	units, cents, _ := strings.Cut(v.Value, ".")
	a.Cents, _ = strconv.ParseInt(units+(cents + "00")[:2], 10, 64) // at most 14 digits by the pattern
	return a
}

func (r *reader) currency(n *yaml.Node) string {
	s := r.scalar(n)
	if n != nil && !currencyPattern.MatchString(s) {
		r.complain(n, ruleAmount, "%q is no currency; write its ISO code, such as USD.", "%qは通貨ではありません。USDのようなISOコードで書いてください。", s)
	}
	return s
}

func (r *reader) vrt(n *yaml.Node) string {
	s := r.scalar(n)
	if !vrtPattern.MatchString(s) {
		r.complain(n, ruleClass, "%q is no node of the Vulnerability Rating Taxonomy.", "%qはVRT（脆弱性評価分類）の項目ではありません。", s)
	}
	return s
}

func (r *reader) vector(n *yaml.Node) string {
	s := r.scalar(n)
	if _, err := gocvss31.ParseVector(s); err != nil {
		r.complain(n, ruleVector, "%q is no CVSS 3.1 vector: %v.", "%qはCVSS 3.1のベクトルではありません（%v）。", s, err)
	}
	return s
}

func (r *reader) zone(n *yaml.Node) *time.Location {
	name := r.scalar(n)
	// An empty name and "Local" load, but as UTC and as whatever this machine has.
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		r.complain(n, ruleDate, "There is no time zone %q; write it like Asia/Tokyo.", "時間帯%qはありません。Asia/Tokyoのように書いてください。", name)
		return nil
	}
	return loc
}
