package bankreply

import (
	"encoding/xml"
	"errors"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// The elements of pain.002 that say what became of a payment. Their names are ours, their tags the
// message's; every version of the message has them.
type report struct {
	XMLName xml.Name `xml:"Document"`
	Body    struct {
		Group struct {
			Run    string   `xml:"OrgnlMsgId"`
			Status string   `xml:"GrpSts"`
			Why    []reason `xml:"StsRsnInf"`
		} `xml:"OrgnlGrpInfAndSts"`
		Blocks []struct {
			Status string   `xml:"PmtInfSts"`
			Why    []reason `xml:"StsRsnInf"`
			Each   []struct {
				ID     string   `xml:"OrgnlEndToEndId"`
				Status string   `xml:"TxSts"`
				Why    []reason `xml:"StsRsnInf"`
			} `xml:"TxInfAndSts"`
		} `xml:"OrgnlPmtInfAndSts"`
	} `xml:"CstmrPmtStsRpt"`
}

type reason struct {
	Code string   `xml:"Rsn>Cd"`
	Own  string   `xml:"Rsn>Prtry"`
	More []string `xml:"AddtlInf"`
}

// readPain reads a payment status report.
func readPain(text []byte) (Reply, error) {
	d := xml.NewDecoder(strings.NewReader(string(text)))
	d.Strict = true // and with it no entity but the five of XML: nothing expands
	var in report
	if err := d.Decode(&in); err != nil {
		return Reply{}, fault.New(fault.Invalid, "The reply is no payment status report (pain.002), or was cut.", "支払状況報告（pain.002）として読めないか、途中で切れています。").Because(err)
	}
	group := in.Body.Group
	r := Reply{Run: strings.TrimSpace(group.Run)}
	if r.Run == "" {
		return Reply{}, fault.New(fault.Invalid, "The reply does not name the run that it answers.", "どの支払処理への回答か、記載がありません。")
	}
	whole, why := group.Status, group.Why
	if len(in.Body.Blocks) == 1 && in.Body.Blocks[0].Status != "" { // our runs have one block
		whole, why = in.Body.Blocks[0].Status, in.Body.Blocks[0].Why
	}
	switch back, err := returned(whole); {
	case whole == "" || whole == "PART" || errors.Is(err, errOpen):
		// then each payment has to be named
	case err != nil:
		return Reply{}, err
	case back:
		r.All, r.Reason = AllReturned, words(why)
	default:
		r.All = AllTaken
	}
	for _, b := range in.Body.Blocks {
		for _, one := range b.Each {
			back, err := returned(one.Status)
			if errors.Is(err, errOpen) {
				return Reply{}, fault.New(fault.Conflict, "Payment %s is still pending (%s). Import the reply that is final.", "支払い%sは処理中です（%s）。最終結果を取り込んでください。", one.ID, one.Status)
			}
			if err != nil {
				return Reply{}, err
			}
			x := Result{Key: strings.TrimSpace(one.ID), Returned: back}
			if back {
				x.Reason = words(one.Why)
			}
			r.Results = append(r.Results, x)
		}
	}
	return r, nil
}

// errOpen is the status of what is not finished.
var errOpen = errors.New("not final")

// returned says whether a status means that a payment came back. Settled on the debtor's account (ACSC)
// or credited (ACCC) is paid; accepted and in process is open: it may still come back.
func returned(status string) (bool, error) {
	switch status {
	case "RJCT", "CANC":
		return true, nil
	case "ACSC", "ACCC":
		return false, nil
	case "ACCP", "ACSP", "ACTC", "ACWC", "ACWP", "PDNG", "RCVD", "ACFC", "PATC", "PRES":
		return false, errOpen
	}
	return false, fault.New(fault.Invalid, "“%s” is no status of a payment that we know. Nothing was taken.", "「%s」という支払状況は登録されていません。何も登録していません。", status)
}

// words are the reasons of a status: the code, and what the bank adds.
func words(all []reason) string {
	var said []string
	for _, r := range all {
		for _, s := range append([]string{r.Code, r.Own}, r.More...) {
			if s = strings.Join(strings.Fields(s), " "); s != "" {
				said = append(said, s)
			}
		}
	}
	text := strings.Join(said, ", ")
	if text == "" {
		return "no reason given"
	}
	return text
}
