package web

import (
	"database/sql"
	"net/url"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/lang"
)

// owes lets somebody be owed 500 dollars for a report, and asks for their details.
func (tn *town) owes(person string) {
	tn.t.Helper()
	tn.ok(tn.db.Tx(tn.t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(tn.t.Context(), `
			INSERT INTO report (id, log_index, received_at, clock_behind, terms, reporter, lang, title, target, in_scope, scope_clause, class, body,
				salt, vector_reported, vector, score, urgency, eligibility, state, asked_from, original, assignee, turn, turn_kind, turn_due, place, updated_at, version)
			VALUES ('7K3M-9QTX', 0, $1, false, '2017-04-10', $2, 'en', 't', 'line.me', true, '', 'xss', '{}', $3, '', '', -1, 'normal', 'yes', 'accepted',
				'', '', '', 'nobody', '', 0, 0, 0, 1)`, db.Micros(tn.now()), person, []byte{1}); err != nil {
			return err
		}
		_, err := tx.ExecContext(tn.t.Context(), `
			INSERT INTO award (id, report, person, class, clause, guide, amount, seriousness, novelty, reason, state, proposed_by, proposed_at, decided_by, decided_at, refusal)
			VALUES ('a1', '7K3M-9QTX', $1, 'xss', '6.1', 50000, 50000, 's', 'n', '', 'approved', 'x', 0, 'y', 0, '')`, person)
		return err
	}))
	tn.ok(tn.Payouts.Tick(tn.t.Context()))
}

func TestPaymentDetails(t *testing.T) {
	const path = "/account/payments"
	eachLang(t, func(t *testing.T, l lang.Lang, say func(en, ja string) string) {
		tn := newTown(t)
		mei := tn.add("mei")
		v := tn.as(mei, l)
		has(t, v.get(path), 200, say("No payment yet.", "支払いはまだありません。"))
		tn.owes(mei.ID)
		w := v.get(path)
		has(t, w, 200, "2020-11-16", "$500.00", say("rate pending", "レート確定待ち"), say("Opened in the account:", "アカウントで既読："), "/terms/2017-04-10#c-6.5", `name="bank"`)
		lacks(t, w, `name="iban"`)
		has(t, v.get(path+"?account=abroad"), 200, `name="iban"`)

		form := url.Values{
			"account": {"japan"}, "name": {"佐藤 芽衣"}, "kana": {"サトウ メイ"}, "street": {"1-1"}, "town": {"東京"}, "country": {"JP"}, "phone": {"03-1234-5678"},
			"bank": {"12"}, "branch": {"123"}, "kind": {"ordinary"}, "number": {"123456"}, "holder_kana": {"サトウ メイ"}, "own": {"yes"},
		}
		// Every fault stands at its field, and nothing that was typed is lost.
		has(t, v.post(path, form), 422, `id="f-bank-wrong"`, `id="f-number-wrong"`, `value="03-1234-5678"`, `value="123456"`, `value="サトウ メイ"`)
		form.Set("bank", "0005")
		form.Set("number", "7654321")
		w = v.follow(v.post(path, form), path)
		has(t, w, 200, "0005-123 ****321", say("The name on the account is yours.", "口座名義とお名前の一致を確認しました。"))
		lacks(t, w, "7654321", "03-1234-5678")
		abroad := url.Values{"account": {"abroad"}, "bic": {"MHCBJPJT"}, "iban": {"1234567"}}
		has(t, v.post(path, abroad), 422, `id="f-bic-wrong"`, `id="f-name-wrong"`, `value="1234567"`, say("yen", "円"))

		// The report's own page has the same card; a wish to donate waits for a person.
		has(t, v.get("/reports/7K3M-9QTX"), 200, "0005-123 ****321")
		w = v.follow(v.post(path+"/a1/donate", url.Values{"wish-a1": {"The children's hospital"}}), path)
		has(t, w, 200, say("Proposed, not decided: Donated", "提案中（未決定）：寄付"), "hospital")
		stranger := tn.as(tn.add("stranger"), l)
		has(t, stranger.post(path+"/a1/donate", url.Values{"wish-a1": {"me"}}), 404)
		has(t, tn.as(tn.add("payer", access.Payer), l).get(path), 403)
	})
}
