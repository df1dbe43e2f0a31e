package access

import "testing"

func TestAdminMayDoEverythingAtTheDeskButPay(t *testing.T) {
	admin := Caller{ID: "a", Kind: Staff, Roles: []Role{Admin}}
	for a := range staffMay {
		if got, want := Allow(admin, a), a != AwardPay; got != want {
			t.Errorf("admin, %s: allowed = %v, want %v", a, got, want)
		}
	}
}

func TestOnlyPayerPays(t *testing.T) {
	for _, r := range Roles {
		c := Caller{ID: "a", Kind: Staff, Roles: []Role{r}}
		if got, want := Allow(c, AwardPay), r == Payer; got != want {
			t.Errorf("%s may pay = %v, want %v", r, got, want)
		}
	}
	if Allow(Self, AwardPay) {
		t.Error("the machine may pay")
	}
}

func TestNobodyAndParticipantsNeverReachTheDesk(t *testing.T) {
	own := map[Action]bool{}
	for _, a := range participantMay {
		own[a] = true
	}
	for a := range staffMay {
		if Allow(Caller{}, a) && a != ProgramRead {
			t.Errorf("somebody not signed in may %s", a)
		}
		if Allow(Caller{ID: "p", Kind: Participant, Roles: Roles}, a) && !own[a] {
			t.Errorf("a participant may %s", a)
		}
	}
	if Allow(Caller{ID: "s", Kind: Staff}, ReportRead) {
		t.Error("staff without a role may read reports")
	}
}

func TestATokenIsLimitedToItsScopes(t *testing.T) {
	c := Caller{ID: "a", Kind: Staff, Roles: []Role{Admin}, Scopes: []Action{KnownAdd}}
	if !Allow(c, KnownAdd) || Allow(c, ReportRead) {
		t.Error("a token must do what its scopes say and nothing else")
	}
	c.Scopes = []Action{}
	if Allow(c, KnownAdd) {
		t.Error("a token with no scope may do nothing")
	}
	if p := (Caller{ID: "p", Kind: Participant, Scopes: []Action{ReportRead}}); Allow(p, ReportRead) {
		t.Error("a scope must never widen what its owner may do")
	}
}
