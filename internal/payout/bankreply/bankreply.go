// Package bankreply reads what a bank says became of a payment run: a result file in the format of the
// Japanese Bankers Association, or a payment status report of ISO 20022 (pain.002).
//
// A reply is read whole or not at all, and what it leaves open is no answer: a payment that is still
// pending, or whose result is missing, is not taken for paid.
package bankreply

import (
	"bytes"

	"hinomi.dev/hinomi/internal/fault"
)

// MaxReply is how many bytes a reply may have: as much as a run.
const MaxReply = 64 << 20

// A Result is what became of one payment.
type Result struct {
	// Key is the end-to-end id of the payment in pain.002, and in a result file its participant and
	// reference without the zeros in front, such as 31/2.
	Key      string
	Returned bool
	Reason   string // in the bank's words or code, when it came back
}

// A Reply is what a bank said.
type Reply struct {
	// Run is the message id of the run, where the reply names it.
	Run string
	// All says that what is not named has the result of the whole: AllTaken or AllReturned. Empty: every
	// payment has to be named.
	All     All
	Reason  string
	Results []Result
}

// An All is the result of a whole run.
type All string

// The results of a whole run.
const (
	Nothing     All = ""
	AllTaken    All = "taken"
	AllReturned All = "returned"
)

// Read reads a reply, whichever format it has.
func Read(file []byte) (Reply, error) {
	if len(file) > MaxReply {
		return Reply{}, fault.New(fault.Invalid, "The reply is larger than %d bytes.", "結果ファイルが%dバイトを超えています。", MaxReply)
	}
	text := bytes.TrimLeft(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(text, []byte("<")) {
		return readPain(text)
	}
	return readZengin(file)
}
