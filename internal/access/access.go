// Package access says who may do what. It is pure: a table, read by one function.
//
// Two questions are asked of every operation. May this caller do such a thing at all? That is
// the table below. May this caller do it to this very thing? That is the operation's own check
// (a participant's own report, never one's own proposal), made after the thing was read.
package access

import "slices"

// A Role is what a member of staff is trusted with. Participants have none.
type Role string

// The roles. Admin can do everything but pay; nobody approves their own proposal.
const (
	Triager      Role = "triager"
	Board        Role = "board" // the reward board
	Owner        Role = "owner" // the program owner
	Responder    Role = "responder"
	Communicator Role = "communicator"
	Payer        Role = "payer" // tax and payment
	Auditor      Role = "auditor"
	Admin        Role = "admin"
)

// Roles lists every role in the order a page shows them.
var Roles = []Role{Triager, Board, Owner, Responder, Communicator, Payer, Auditor, Admin}

// A Kind is what sort of caller this is.
type Kind string

// The kinds of caller.
const (
	Nobody      Kind = ""            // not signed in
	Participant Kind = "participant" // reports vulnerabilities
	Staff       Kind = "staff"       // works at the desk
	System      Kind = "system"      // the product itself: clocks, relays, the demo's story
)

// A Caller is who asks. The zero value is somebody who is not signed in.
type Caller struct {
	ID      string   // the person; empty for Nobody
	Kind    Kind     //
	Roles   []Role   // for Staff
	Scopes  []Action // for an API token: the only actions it may do; nil means no token, so no such limit
	Session string   // the session or token in use, for the audit record
	Address string   // the network address, for rate limits; never stored with a report
}

// Self is the product acting by itself.
var Self = Caller{ID: "hinomi", Kind: System}

// Has reports whether the caller holds the role.
func (c Caller) Has(r Role) bool { return slices.Contains(c.Roles, r) }

// Is reports whether the caller is this very person.
func (c Caller) Is(person string) bool { return c.ID != "" && c.ID == person }

// Desk reports whether the caller works at the desk.
func (c Caller) Desk() bool { return c.Kind == Staff && len(c.Roles) > 0 }

// An Action is one thing that can be done, named noun.verb. It is also the audit record's
// verb and an API token's scope.
type Action string

// Everything that can be done.
const (
	ReportDraft    Action = "report.draft"    // write, save and discard one's own draft
	ReportSubmit   Action = "report.submit"   // send it
	ReportReadOwn  Action = "report.read_own" // read one's own reports
	ReportRead     Action = "report.read"     // read every report, the queue, search
	ReportReply    Action = "report.reply"    // write to the desk on one's own report; agree to a lowered severity
	ReportWithdraw Action = "report.withdraw" // take one's own report back
	ReportMessage  Action = "report.message"  // write to the reporter
	ReportNote     Action = "report.note"     // write an internal note
	ReportDecide   Action = "report.decide"   // triage, ask, close, accept, move on
	ReportConfirm  Action = "report.confirm"  // be the second person of a decision
	ReportRate     Action = "report.rate"     // set urgency and severity
	ReportExcept   Action = "report.except"   // record a named exception to "no receipt, no known-issue defence"
	KnownRead      Action = "known.read"      // read the internally known issues
	KnownAdd       Action = "known.add"       // add one, or a CSV of them
	AwardRead      Action = "award.read"      // read every award
	AwardPropose   Action = "award.propose"   //
	AwardApprove   Action = "award.approve"   //
	AwardPay       Action = "award.pay"       // release money
	PayoutSupply   Action = "payout.supply"   // give one's own payment data, and read one's own payments
	PayoutAsk      Action = "payout.ask"      // ask for payment data
	PayoutView     Action = "payout.view"     // see an account unmasked
	PayoutTax      Action = "payout.tax"      // set a payee's tax category
	PayoutRate     Action = "payout.rate"     // enter and confirm exchange rates
	PayoutScreen   Action = "payout.screen"   // load sanctions lists, screen, clear or refuse a hit
	PayoutRun      Action = "payout.run"      // propose, check and cancel a payment run
	PayoutDecide   Action = "payout.decide"   // propose and decide on the loss of a right
	CreditAsk      Action = "credit.ask"      // consent to a name, an alias or a photo, or revoke it
	CreditApprove  Action = "credit.approve"  // post or take down in the hall of fame
	PersonInvite   Action = "person.invite"   // invite staff, change roles, disable
	PersonRead     Action = "person.read"     // read the list of people
	PersonAdmit    Action = "person.admit"    // decide whether who asked about a condition of article 2 may take part
	PersonSelf     Action = "person.self"     // one's own account: keys, sessions, language, tokens
	EventSend      Action = "event.send"      // send events of one's sources
	EventRead      Action = "event.read"      // read the event stream and how it is
	AlertRead      Action = "alert.read"      // read alerts and the events behind them
	AlertMark      Action = "alert.mark"      // say whether an alert is real or false
	RuleRead       Action = "rule.read"       // read the rules, and how they fare
	RuleChange     Action = "rule.change"     // try, change, switch and remove rules
	AuditRead      Action = "audit.read"      // read the audit trail
	MailRead       Action = "mail.read"       // read the list of outgoing mail
	MailBounce     Action = "mail.bounce"     // hand in a bounce
	ProgramRead    Action = "program.read"    // program, terms, log: public
)

// participantMay lists what a signed-in participant may do.
var participantMay = []Action{
	ReportDraft, ReportSubmit, ReportReadOwn, ReportReply, ReportWithdraw, CreditAsk, PersonSelf, ProgramRead,
	PayoutSupply,
}

// staffMay says which roles may do what at the desk. Admin is named nowhere: it may do all of
// this but AwardPay.
var staffMay = map[Action][]Role{
	ReportRead:    {Triager, Board, Owner, Responder, Communicator, Payer, Auditor},
	ReportMessage: {Triager, Board, Owner, Responder, Payer},
	ReportNote:    {Triager, Board, Owner, Responder, Communicator, Payer},
	ReportDecide:  {Triager, Owner},
	ReportConfirm: {Triager, Owner, Board},
	ReportRate:    {Triager, Owner, Responder},
	ReportExcept:  {Owner},
	KnownRead:     {Triager, Owner, Responder, Auditor},
	KnownAdd:      {Triager, Owner, Responder},
	AwardRead:     {Triager, Board, Owner, Payer, Auditor},
	AwardPropose:  {Triager, Board, Owner},
	AwardApprove:  {Board, Owner},
	AwardPay:      {Payer},
	PayoutAsk:     {Payer, Owner},
	PayoutView:    {Payer},
	PayoutTax:     {Payer},
	PayoutRate:    {Payer},
	PayoutScreen:  {Payer},
	PayoutRun:     {Payer, Owner},
	PayoutDecide:  {Payer, Owner},
	CreditApprove: {Owner, Communicator},
	PersonInvite:  {},
	PersonRead:    {Owner, Auditor},
	PersonAdmit:   {Owner},
	PersonSelf:    {Triager, Board, Owner, Responder, Communicator, Payer, Auditor},
	EventSend:     {Responder},
	EventRead:     {Triager, Owner, Responder, Auditor},
	AlertRead:     {Triager, Owner, Responder, Auditor},
	AlertMark:     {Responder},
	RuleRead:      {Triager, Owner, Responder, Auditor},
	RuleChange:    {Responder},
	AuditRead:     {Owner, Auditor},
	MailRead:      {Owner, Communicator, Auditor},
	MailBounce:    {Communicator},
	ProgramRead:   {Triager, Board, Owner, Responder, Communicator, Payer, Auditor},
}

// Actions lists every action, sorted: what a token's scopes may name.
func Actions() []Action {
	all := slices.Clone(participantMay)
	for a := range staffMay {
		all = append(all, a)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Allow reports whether the caller may do such a thing at all.
func Allow(c Caller, a Action) bool {
	if c.Scopes != nil && !slices.Contains(c.Scopes, a) {
		return false
	}
	switch c.Kind {
	case System:
		return a != AwardPay // money never moves without a person
	case Participant:
		return slices.Contains(participantMay, a)
	case Staff:
		roles, known := staffMay[a]
		if !known {
			return false
		}
		if c.Has(Admin) && a != AwardPay {
			return true
		}
		return slices.ContainsFunc(roles, c.Has)
	default:
		return a == ProgramRead
	}
}
