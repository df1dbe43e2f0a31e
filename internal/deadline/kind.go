package deadline

import "hinomi.dev/hinomi/internal/lang"

// The kinds of promise we know. A program may promise others; they have no name of their own.
const (
	FirstAnswer     = "first_answer" // a person wrote to the reporter, or decided
	Triage          = "triage"
	Decision        = "decision"
	Fix             = "fix"
	Answer          = "answer"          // the reporter wrote, and the desk owes an answer
	Reply           = "reply"           // the desk asked
	Confidentiality = "confidentiality" // one year from receipt
	PaymentInfo     = "payment_info"    // one month from the request
)

// A kind is what we know of a kind of promise.
type kind struct {
	name lang.Text
	once bool // given once in the life of a report: given again, the same one goes on
	ends bool // nobody has to do anything: it only has to end, and is kept by that
}

var kinds = map[string]kind{
	FirstAnswer:     {name: lang.Text{EN: "First answer", JA: "最初の回答"}, once: true},
	Triage:          {name: lang.Text{EN: "Triage", JA: "確認"}, once: true},
	Decision:        {name: lang.Text{EN: "Decision", JA: "決定"}, once: true},
	Fix:             {name: lang.Text{EN: "Fix", JA: "修正"}, once: true},
	Answer:          {name: lang.Text{EN: "Answer", JA: "返信"}},
	Reply:           {name: lang.Text{EN: "Reporter's reply", JA: "報告者の返信"}},
	Confidentiality: {name: lang.Text{EN: "End of confidentiality", JA: "秘密保持の終了"}, once: true, ends: true},
	PaymentInfo:     {name: lang.Text{EN: "Payment details", JA: "支払情報"}},
}

// Name returns the words for a kind of promise.
func Name(of string) lang.Text {
	if k, ok := kinds[of]; ok {
		return k.name
	}
	return lang.Text{EN: of, JA: of}
}
