package api

import (
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/access"
)

// operations is every operation of the API: those of each noun, which stand beside their functions.
func (s *Server) operations() []operation {
	return slices.Concat(
		programOperations(), draftOperations(), reportOperations(s), deskOperations(), knownOperations(),
		awardOperations(), creditOperations(), participationOperations(), peopleOperations(), recordOperations(), eventOperations(s), alertOperations(), ruleOperations(),
		paymentOperations(), runOperations(), payeeOperations(),
	)
}

func info() *huma.Info {
	return &huma.Info{
		Title: "Hinomi", Version: "1",
		Description: "A security desk for programs: reports, receipts, decisions by clause. Times are RFC 3339 in UTC, money is a " +
			"decimal string beside its currency, reports go by their number. Lists return items and, when there is more, next: send " +
			"it back as after. Errors are problem+json (RFC 9457) in the language of Accept-Language. The session cookie of the pages " +
			"means nothing here.",
		License: &huma.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
	}
}

const tokenHelp = "A token of a person's own account. It may do what its scopes name and the person may do at this moment. " +
	"The scopes that an operation needs stand beside token in its security: one of the lists, all of its entries."

// servers is where the API stands, as far as we know.
func (s *Server) servers() []*huma.Server {
	if s.Origin == "" {
		return []*huma.Server{{URL: "/"}}
	}
	return []*huma.Server{{URL: s.Origin}}
}

func tags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "program", Description: "The program as it stands now. Public."},
		{Name: "terms", Description: "The terms in every version, clause by clause. Public."},
		{Name: "log", Description: "Where the transparency log is. Public."},
		{Name: "hall-of-fame", Description: "Who is credited. Public to read."},
		{Name: "drafts", Description: "A report while it is written, step by step."},
		{Name: "reports", Description: "Reports, from their receipt to the decision."},
		{Name: "queue", Description: "What waits for the desk."},
		{Name: "known", Description: "Issues the desk knew of before somebody reported them."},
		{Name: "awards", Description: "What reports earn."},
		{Name: "payments", Description: "How awards are paid: their arithmetic, and what was told when."},
		{Name: "proposals", Description: "What would end a payment."},
		{Name: "payees", Description: "Where participants are paid to, and under which tax category."},
		{Name: "screenings", Description: "What the sanctions lists said of a payee."},
		{Name: "sanctions-lists", Description: "The lists that payees are screened against."},
		{Name: "rates", Description: "Exchange rates."},
		{Name: "runs", Description: "Payments on their way to a bank, and back."},
		{Name: "ledger", Description: "The books: sums, what was paid, and the statements of a year."},
		{Name: "credits", Description: "What participants wish to be credited with."},
		{Name: "participation", Description: "What a participant declares and accepts."},
		{Name: "events", Description: "What the service tells: events in, and the stream they stand in."},
		{Name: "alerts", Description: "What the rules found in the events."},
		{Name: "rules", Description: "What is looked for in the events."},
		{Name: "watch", Description: "The engine that runs the rules on the stream."},
		{Name: "people", Description: "Who works here and who reports."},
		{Name: "invitations", Description: "Who has been asked to join the desk."},
		{Name: "account", Description: "The caller's own sessions and tokens."},
		{Name: "audit", Description: "Who did what."},
		{Name: "mail", Description: "Copies that went out."},
	}
}

// name is what the description calls a type: ours end in View, which says nothing outside.
func name(t reflect.Type, hint string) string {
	return strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "View", "")
}

// A Page is a part of a list. It is exported, as is every type that another embeds, because huma reads
// embedded fields of exported types alone.
type Page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Send it as after to go on. Empty: this was the end."`
}

// pageOf shows at most limit things, of which one more was read to see whether there is a next page;
// cursor is what the next one begins after.
func pageOf[T, V any](all []T, limit int, view func(T) V, cursor func(T) string) Page[V] {
	var p Page[V]
	if len(all) > limit {
		all = all[:limit]
		p.Next = cursor(all[limit-1])
	}
	p.Items = each(all, view)
	return p
}

// each shows every thing of a list. It is never nil: a list without entries is [] to a program.
func each[T, V any](all []T, view func(T) V) []V {
	views := make([]V, 0, len(all))
	for _, one := range all {
		views = append(views, view(one))
	}
	return views
}

// same returns a list that is never nil.
func same[T any](all []T) []T { return append([]T{}, all...) }

// A Window is what every long list takes.
type Window struct {
	After string `query:"after" doc:"The next of the page before."`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// reads are the actions by which somebody sees a report: one's own, or every.
var reads = may(access.ReportReadOwn, access.ReportRead)
