package web

import (
	"hinomi.dev/hinomi/internal/attachment"
	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/intake"
	"hinomi.dev/hinomi/internal/limit"
	"hinomi.dev/hinomi/internal/notice/mail"
	"hinomi.dev/hinomi/internal/participant"
	"hinomi.dev/hinomi/internal/payout"
	"hinomi.dev/hinomi/internal/person"
	"hinomi.dev/hinomi/internal/program"
	"hinomi.dev/hinomi/internal/receipt"
	"hinomi.dev/hinomi/internal/report"
	"hinomi.dev/hinomi/internal/reward"
	"hinomi.dev/hinomi/internal/watch"
)

// Nouns are what the pages show and change, set in app.
type Nouns struct {
	Program      *program.Program
	People       *person.People
	Participants *participant.Participants
	Reports      *report.Reports
	Awards       *reward.Awards
	Payouts      *payout.Payouts
	Receipts     *receipt.Log
	Files        *attachment.Store
	Mails        *mail.Mails
	Audit        *audit.Log
	Limits       *limit.Limits
	Events       *intake.Intake
	Watch        *watch.Watch
}
