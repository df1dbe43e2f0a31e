package demo

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

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
// telling a hundred steps, so they are made beside the telling.
type hashes map[string]*hash

type hash struct {
	done chan struct{} // closed when the others are set
	text string
	err  error
}

// hashes begins to make them, the desk's first: they are needed first.
func (c *content) hashes(ctx context.Context) hashes {
	var locals []string
	for _, s := range c.staff {
		local, _, _ := strings.Cut(s.Mail, "@")
		locals = append(locals, local)
	}
	for _, g := range c.guests {
		if g.signsIn() {
			locals = append(locals, g.local)
		}
	}
	all := hashes{}
	for _, local := range locals {
		all[local] = &hash{done: make(chan struct{})}
	}
	go func() {
		var g errgroup.Group
		g.SetLimit(2) // person makes no more at once, and lets nobody wait for long
		for _, local := range locals {
			g.Go(func() error {
				h := all[local]
				defer close(h.done)
				h.text, h.err = person.HashPassword(ctx, password(local))
				return nil
			})
		}
	}()
	return all
}

// of returns a hash, once it is made.
func (h hashes) of(local string) (string, error) {
	<-h[local].done
	return h[local].text, h[local].err
}
