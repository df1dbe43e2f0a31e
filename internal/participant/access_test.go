package participant

import (
	"context"
	"slices"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/db/dbtest"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// Every operation, called by everybody it is not for.
func TestWhoMayDoWhat(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	mei := h.ready("mei@example.test", "Mei")
	h.ok(h.Declare(ctx, mei, map[string]Answer{"2.1.iii": Ask}, lang.EN))
	callers := map[string]access.Caller{"nobody": {}, "mei": mei, "participant": h.ready("p@example.test", "P")}
	for _, r := range access.Roles {
		callers[string(r)] = h.add(string(r)+"@example.test", r)
	}
	admin := callers["admin"]
	callers["a token of the admin for something else"] = access.Caller{ID: admin.ID, Kind: admin.Kind, Roles: admin.Roles, Scopes: []access.Action{access.KnownAdd}}
	callers["a token of mei for everything"] = access.Caller{ID: mei.ID, Kind: mei.Kind, Session: "token", Scopes: access.Actions()}
	terms, err := h.terms()
	h.ok(err)
	const (
		signedIn  = "nobody|a token of the admin for something else"
		readers   = "nobody|participant|triager|board|responder|communicator|payer|a token of the admin for something else"
		owners    = "nobody|participant|triager|board|responder|communicator|payer|auditor|a token of the admin for something else|mei|a token of mei for everything"
		approvers = "nobody|participant|triager|board|responder|payer|auditor|a token of the admin for something else|mei|a token of mei for everything"
		desk      = "triager|board|owner|responder|communicator|payer|auditor|admin|"
	)
	type call func(context.Context, access.Caller) error
	without := func(list string, names ...string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(list, "|"), func(s string) bool { return slices.Contains(names, s) }), "|")
	}
	for name, c := range map[string]struct {
		refused string
		call    call
	}{
		"Profile of mei": {readers, func(ctx context.Context, w access.Caller) error { _, err := h.Profile(ctx, w, mei.ID); return err }},
		"SetProfile": {signedIn, func(ctx context.Context, w access.Caller) error {
			return conflictIsFine(h.SetProfile(ctx, w, Form{Name: "M", Lang: lang.EN, Country: "JP", Born: "1990-04-01"}))
		}},
		"Gaps": {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.Gaps(ctx, w); return err }},
		"Declare": {signedIn, func(ctx context.Context, w access.Caller) error {
			return conflictIsFine(h.Declare(ctx, w, map[string]Answer{"2.1.i": Yes}, lang.EN))
		}},
		"Declarations": {without(owners, "mei", "a token of mei for everything"), func(ctx context.Context, w access.Caller) error { _, err := h.Declarations(ctx, w, mei.ID); return err }},
		"Asked":        {owners, func(ctx context.Context, w access.Caller) error { _, err := h.Asked(ctx, w); return err }},
		"Decide": {owners, func(ctx context.Context, w access.Caller) error {
			return conflictIsFine(h.Decide(ctx, w, mei.ID, "2.1.iii", true, "x"))
		}},
		"Accept": {signedIn, func(ctx context.Context, w access.Caller) error {
			return conflictIsFine(h.Accept(ctx, w, terms.ID, terms.Hash, lang.JA))
		}},
		"Acceptances of mei": {readers, func(ctx context.Context, w access.Caller) error { _, err := h.Acceptances(ctx, w, mei.ID); return err }},
		"Wish": {desk + signedIn, func(ctx context.Context, w access.Caller) error {
			_, err := h.Wish(ctx, w, Wish{Part: Alias, Value: "m", Lang: lang.EN, Warranty: true})
			return err
		}},
		"Consents of mei": {without(approvers, "mei", "a token of mei for everything"), func(ctx context.Context, w access.Caller) error { _, err := h.Consents(ctx, w, mei.ID); return err }},
		"Wishes":          {approvers, func(ctx context.Context, w access.Caller) error { _, err := h.Wishes(ctx, w); return err }},
		"Approve":         {approvers, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.Approve(ctx, w, "x")) }},
		"Decline":         {approvers, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.Decline(ctx, w, "x", "x")) }},
		"TakeDown":        {approvers, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.TakeDown(ctx, w, "x", "x")) }},
		"Revoke":          {desk + signedIn, func(ctx context.Context, w access.Caller) error { return notFoundIsFine(h.Revoke(ctx, w, "x")) }},
		"NameSpecial":     {approvers, func(ctx context.Context, w access.Caller) error { return h.NameSpecial(ctx, w, mei.ID, 2019, "x") }},
		"UnnameSpecial":   {approvers, func(ctx context.Context, w access.Caller) error { return h.UnnameSpecial(ctx, w, mei.ID, 2019) }},
		"Withdrawal":      {signedIn, func(ctx context.Context, w access.Caller) error { _, err := h.Withdrawal(ctx, w); return err }},
		"StayAfterAll":    {signedIn, func(ctx context.Context, w access.Caller) error { return conflictIsFine(h.StayAfterAll(ctx, w)) }},
	} {
		for who, caller := range callers {
			records := h.count("audit")
			err := c.call(ctx, caller)
			refused := slices.Contains(strings.Split(c.refused, "|"), who)
			if denied := fault.Is(err, fault.Denied); denied != refused || !refused && err != nil {
				t.Errorf("%s by %s: %v; want it refused = %v", name, who, err, refused)
			}
			if refused && caller.Kind != access.Nobody && h.count("audit") == records {
				t.Errorf("%s by %s: the refusal is not on record", name, who)
			}
		}
	}
	if _, err := h.Withdraw(ctx, callers["a token of mei for everything"]); err != person.ErrStepUp {
		t.Errorf("withdrawing by a token: %v", err)
	}
	for _, who := range []string{"nobody", "a token of the admin for something else"} {
		_, err := h.Withdraw(ctx, callers[who])
		wantKind(t, "withdrawing by "+who, err, fault.Denied)
	}
	_, err = h.Withdraw(ctx, admin)
	wantKind(t, "withdrawing by staff", err, fault.Conflict)
}

// conflictIsFine: the caller was let through to something that is not in a state for it.
func conflictIsFine(err error) error {
	if fault.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

func notFoundIsFine(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
