package demo

import (
	"context"

	"hinomi.dev/hinomi/internal/notice/mail"
)

// A post is the mail server of the story. It takes every mail, which then is read in the browser, and
// delivers none; one reporter's mailbox has been full since the summer.
type post struct{ full string }

// Send takes a mail.
func (p post) Send(_ context.Context, m mail.Mail) error {
	if m.To == p.full && m.CreatedAt.Year() == 2020 {
		return &mail.Refusal{Code: 552, Text: "552 5.2.2 The mailbox is full"}
	}
	return nil
}
