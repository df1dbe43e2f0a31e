package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/person"
)

// A SignIn is one way into the demo.
type SignIn struct {
	Role     string // a role of the desk, or "participant"
	Person   string // id
	Mail     string
	Name     string
	Does     lang.Text
	Password string
	Secret   string // of the authenticator app, in base 32
}

// A demo has no secrets: its passwords stand in the source, are printed at every start, and protect
// nothing that anybody wrote.

func password(local string) string { return local + " looks out from the fire tower" }

// secret returns the secret of the authenticator app, the same at every start.
func secret(local string) []byte {
	sum := sha256.Sum256([]byte("hinomi demo " + local))
	return sum[:20]
}

// signIns returns who may sign in: one for each role, and two participants.
func signIns(ctx context.Context, people *person.People) ([]SignIn, error) {
	c := load()
	var all []SignIn
	for _, s := range c.staff {
		all = append(all, SignIn{Role: string(s.Role), Mail: s.Mail, Name: s.Name, Does: s.Does})
	}
	for by, g := range c.guests {
		if g.signsIn() {
			all = append(all, SignIn{Role: string(access.Participant), Mail: g.mail(by), Name: g.name, Does: g.does})
		}
	}
	for i, s := range all {
		found, err := people.List(ctx, access.Self, person.Query{Text: s.Mail, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(found) != 1 {
			return nil, fmt.Errorf("the demo has nobody with the address %s", s.Mail)
		}
		local, _, _ := strings.Cut(s.Mail, "@")
		all[i].Person, all[i].Password = found[0].ID, password(local)
		all[i].Secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret(local))
	}
	return all, nil
}

// hashes are those of the passwords, by the part of the address before the @. Making one takes as long as
// telling a hundred steps, so all are begun at once, beside the telling.
type hashes map[string]func() (string, error)

func (c *content) hashes(ctx context.Context) hashes {
	all := hashes{}
	begin := func(local string) {
		done := make(chan struct{})
		var hash string
		var err error
		go func() {
			defer close(done)
			hash, err = person.HashPassword(ctx, password(local))
		}()
		all[local] = func() (string, error) { <-done; return hash, err }
	}
	for _, s := range c.staff {
		local, _, _ := strings.Cut(s.Mail, "@")
		begin(local)
	}
	for _, g := range c.guests {
		if g.signsIn() {
			begin(g.local)
		}
	}
	return all
}

func (h hashes) of(local string) (string, error) { return h[local]() }
