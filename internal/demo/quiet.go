package demo

// quiet tells the trickle of 2018 and 2019: how a desk goes on when the newspapers have moved on.
func (s *story) quiet() {
	var first *tale
	for i, e := range []struct {
		at, hole    string
		by          int
		where, told int
		how         string
	}{
		{"2018-01-23 20:41", "ex-spam", 31, 2, 1, "excluded"},
		{"2018-02-19 03:15", "xss-dom", 44, 5, 1, "accepted"},
		{"2018-03-30 13:52", "other-takeover", 11, 1, 0, "accepted"},
		{"2018-04-18 22:08", "ex-domain", 52, 6, 2, "excluded"},
		{"2018-06-07 17:33", "sqli-sort", 61, 0, 0, "first"},
		{"2018-06-11 08:20", "sqli-sort", 80, 0, 0, "second"},
		{"2018-08-02 10:47", "ex-dos", 13, 0, 0, "excluded"},
		{"2018-09-13 15:26", "ex-theory", 70, 2, 3, "excluded"},
		{"2018-10-29 19:05", "other-ssrf", 98, 0, 1, "known"},
		{"2018-12-05 06:12", "ex-header", 39, 3, 1, "excluded"},
		{"2019-01-17 11:58", "purchase-preview", 105, 0, 0, "accepted"},
		{"2019-02-26 23:31", "ex-self", 15, 1, 0, "excluded"},
		{"2019-04-09 02:44", "ex-frame", 112, 2, 2, "excluded"},
		{"2019-05-21 14:09", "csrf-spend", 14, 1, 0, "accepted"},
		{"2019-06-18 21:16", "ex-brute", 57, 2, 1, "excluded"},
		{"2019-08-08 09:37", "other-cache", 118, 0, 0, "withdrawn"},
		{"2019-09-25 18:22", "xss-upload", 16, 2, 0, "accepted"},
		{"2019-10-31 12:03", "ex-spf", 66, 1, 1, "excluded"},
		{"2019-11-14 16:50", "other-idor", 90, 2, 1, "accepted"},
		{"2019-12-19 05:28", "ex-scanner", 47, 4, 2, "excluded"},
	} {
		t := s.begin(numbered("quiet", i+1), e.by, e.hole, e.where, e.told, jst(e.at)).receive()
		switch e.how {
		case "accepted":
			t.accepted("", "")
		case "first":
			first = t.accepted("", "")
		case "second":
			t.repeated(first)
		case "known":
			t.desk(2).knownAs("SEC-304", s.talk.Known.pick(t.rand, t.lang))
		default:
			t.ends(outcome{how: e.how})
		}
	}
}
