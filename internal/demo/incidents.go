package demo

import (
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/web"
)

// happened is a fact of an incident, as the public sources have it; see doc/scenario.md.
func happened(at, en, ja string) web.RecordedAt {
	return web.RecordedAt{At: jst(at), Name: lang.Text{EN: en, JA: ja}}
}

func date(day string) time.Time { return jst(day + " 00:00") }

// Incidents are the three incidents that a demonstration plays.
func Incidents() []web.Recorded {
	return []web.Recorded{
		{
			Name: lang.Text{EN: "2020: assistants contact people who never linked them", JA: "2020年：連携していない人へのアシスタントからの接触"},
			From: date("2020-10-15"), Until: date("2020-11-24"), Rule: "contact_without_consent",
			Ours: []web.RecordedAt{happened("2020-10-15 17:56", "the report is received", "脆弱性の報告を受領")},
			Facts: []web.RecordedAt{
				happened("2020-10-15 17:00", "stated start of the abuse", "不正利用の開始（発表）"),
				happened("2020-10-29 18:15", "first report by a user", "利用者からの最初の申告"),
				happened("2020-11-02 10:38", "mass calls to an interface are confirmed", "APIへの大量アクセスを確認"),
				happened("2020-11-02 11:40", "first interruption of the service begins", "1回目のサービス停止"),
				happened("2020-11-02 16:00", "14 bots are removed", "ボット14件を削除"),
				happened("2020-11-02 19:18", "second interruption begins", "2回目のサービス停止"),
				happened("2020-11-02 20:30", "first patch", "1回目の修正"),
				happened("2020-11-03 10:00", "stated end of the abuse", "不正利用の終了（発表）"),
				happened("2020-11-04 19:00", "invitations are cancelled, batch 1", "招待の取消（第1回）"),
				happened("2020-11-04 20:05", "second patch", "2回目の修正"),
				happened("2020-11-05 19:00", "batch 2", "招待の取消（第2回）"),
				happened("2020-11-16 15:46", "batch 3", "招待の取消（第3回）"),
				happened("2020-11-17 19:40", "notice: Japan, Indonesia, other regions", "通知：日本・インドネシア・その他の地域"),
				happened("2020-11-18 11:35", "notice: Taiwan", "通知：台湾"),
				happened("2020-11-18 17:30", "batch 4", "招待の取消（第4回）"),
				happened("2020-11-18 20:10", "notice: Thailand", "通知：タイ"),
				happened("2020-11-20 10:30", "batch 5", "招待の取消（第5回）"),
				happened("2020-11-24 17:42", "second notice", "2回目の通知"),
			},
		},
		{
			Name: lang.Text{EN: "2021: encryption switched off for officials", JA: "2021年：要人のアカウントで暗号化が無効に"},
			From: date("2021-07-18"), Until: date("2021-07-31"),
			Facts: []web.RecordedAt{
				happened("2021-07-27 00:00", "report to the police (day known)", "警察への届出（日付のみ判明）"),
				happened("2021-07-28 00:00", "it becomes public (day known)", "報道により公表（日付のみ判明）"),
			},
		},
		{
			Name: lang.Text{EN: "2023: an affiliate's identities read far beyond their work", JA: "2023年：委託先のIDによる業務範囲外の閲覧"},
			From: date("2023-09-10"), Until: date("2023-10-31"),
			Facts: []web.RecordedAt{
				happened("2023-09-14 00:00", "first access (day known)", "最初のアクセス（日付のみ判明）"),
				happened("2023-10-17 00:00", "detected (day known)", "検知（日付のみ判明）"),
				happened("2023-10-27 00:00", "judged to be an intrusion (day known)", "不正アクセスと判断（日付のみ判明）"),
			},
		},
	}
}
