package api

// Who may call the operations of money: the lists of access_test.go go on here.
func moneyTrials() []trial {
	const (
		money = "triager board owner payer auditor admin"
		steps = "owner payer admin"
		tax   = "payer admin"
		pays  = "payer"
		both  = reporters + " " + money
	)
	day := map[string]string{"kind": "TTM", "day": "2020-10-14", "value": "105.50"}
	return []trial{
		{id: "list-payments", who: money}, {id: "list-own-payments", who: reporters}, {id: "read-own-payee", who: reporters, none: true},
		{id: "read-payment", who: both, none: true}, {id: "mark-payment-read", who: reporters, none: true},
		{id: "ask-for-details", who: steps, none: true}, {id: "screen-payment", who: tax, none: true}, {id: "set-rate", who: tax, none: true},
		{id: "propose-ending", who: reporters + " " + steps, none: true, body: map[string]string{"event": "donate", "reason": "for the children"}},
		{id: "book-refund", who: pays, none: true, body: map[string]string{"amount": "1", "currency": "JPY", "reference": "r"}},
		{id: "list-proposals", who: money}, {id: "answer-proposal", who: steps, none: true, body: map[string]any{"agree": true, "reason": "r"}},
		{id: "answer-screening", who: tax, none: true, body: map[string]any{"cleared": true, "note": "n"}},

		{id: "list-runs", who: money}, {id: "read-run", who: money, none: true},
		{id: "propose-run", who: steps, none: true, body: map[string]any{"currency": "JPY", "day": "2020-10-16", "awards": []string{"none"}}},
		{id: "check-run", who: steps, none: true}, {id: "approve-run", who: pays, none: true}, {id: "lock-run", who: pays, none: true},
		{id: "cancel-run", who: steps, none: true}, {id: "export-run", who: pays, none: true}, {id: "mark-run-sent", who: pays, none: true},
		{id: "settle-run", who: pays, none: true, body: map[string]any{"returned": []any{}}}, {id: "import-reply", who: pays, none: true, body: "no reply"},

		{id: "read-payee", who: money, none: true}, {id: "clear-name", who: tax, none: true, body: map[string]string{"note": "n"}},
		{id: "list-screenings", who: money}, {id: "list-taxes", who: money},
		{id: "set-tax", who: tax, body: map[string]string{"from": "2020-01-01", "category": "resident_other", "head": "Income Tax Act 35"}},
		{id: "list-rates", who: money}, {id: "type-rate", who: tax, body: day},
		{id: "import-rates", who: tax, body: "bank\n,USD\n2020/10/13,105.40\n", media: "text/csv"},
		{id: "list-sanctions-lists", who: money},
		{id: "load-sanctions-list", who: tax, body: "name,aliases,birth date,country,note\nIvan Groznij,,1930,RU,test\n", q: "?file=own.csv&fetched=2020-10-15T00:00:00Z"},
		{id: "read-balances", who: money}, {id: "search-books", who: tax, q: "?from=2020-01-01&payee=ann"}, {id: "list-statements", who: tax},
	}
}
