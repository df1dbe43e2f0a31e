package person

import (
	"time"

	"hinomi.dev/hinomi/internal/audit"
	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/limit"
)

// A RelyingParty says for whom passkeys are made.
type RelyingParty struct {
	// ID is a domain name: the host of the origins, or a domain above it. An IP address will not do:
	// a node without a name is opened as http://localhost.
	ID string
	// Name is shown by browsers and authenticator apps.
	Name string
	// Origins lists where pages may be served from, such as "https://bounty.example".
	Origins []string
}

// People is the operations on people. Its fields are set before use; it is safe for concurrent use.
type People struct {
	DB     *db.DB
	Audit  *audit.Log
	Now    func() time.Time
	Limits *limit.Limits
	// Key is the server's secret of KeySize bytes: what must be readable again is sealed with it.
	Key []byte
	RP  RelyingParty
	// Codes is the time that people's authenticator apps show. Nil means Now; the demo, whose own time is
	// another, gives the machine's.
	Codes func() time.Time
	// BaseURL is where the pages are, such as "https://bounty.example". Only Bootstrap needs it: links in
	// mail are paths, which the mail completes.
	BaseURL string
}

// detail is what the audit trail says about an action. Never a mail address, never a name: the trail
// outlives a withdrawal.
type detail map[string]any
