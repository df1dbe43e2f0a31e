package bankreply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/payout/bankreply"
)

// data is a data record of 56,785 yen with a result.
func data(person, reference, result string) string {
	r := "2" + strings.Repeat("x", 79) + "0000056785" + "0" + fmt.Sprintf("%010s%010s", person, reference) + "7 " + result
	return r + strings.Repeat(" ", 120-len(r))
}

func record(s string) string { return s + strings.Repeat(" ", 120-len(s)) }

func file(records ...string) string { return strings.Join(records, "\r\n") }

func good() []string {
	return []string{record("1210"), data("31", "1", "0"), data("31", "2", "2"), record("8000002000000113570"), record("9")}
}

func status(run, group, each string) string {
	return `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr/><OrgnlGrpInfAndSts><OrgnlMsgId>` +
		run + `</OrgnlMsgId><GrpSts>` + group + `</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>` + each + `</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`
}

const rejected = `<TxInfAndSts><OrgnlEndToEndId>a1</OrgnlEndToEndId><TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC01</Cd></Rsn><AddtlInf>no such account</AddtlInf></StsRsnInf></TxInfAndSts>`

func TestARepliesResultsAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want bankreply.Reply
	}{
		"a result file": {file(good()...), bankreply.Reply{Results: []bankreply.Result{{Key: "31/1"}, {Key: "31/2", Returned: true, Reason: "result code 2"}}}},
		"a status report of single payments": {status("r", "PART", rejected+`<TxInfAndSts><OrgnlEndToEndId>a2</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>`),
			bankreply.Reply{Run: "r", Results: []bankreply.Result{{Key: "a1", Returned: true, Reason: "AC01, no such account"}, {Key: "a2"}}}},
		"a status report of all but one": {status("r", "ACSC", rejected),
			bankreply.Reply{Run: "r", All: bankreply.AllTaken, Results: []bankreply.Result{{Key: "a1", Returned: true, Reason: "AC01, no such account"}}}},
		"a run that came back whole": {status("r", "RJCT", ""), bankreply.Reply{Run: "r", All: bankreply.AllReturned, Reason: "no reason given"}},
		"a run that is in process":   {status("r", "ACSP", ""), bankreply.Reply{Run: "r"}},
	} {
		got, err := bankreply.Read([]byte(c.in))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAReplyThatIsNotWholeIsRefused(t *testing.T) {
	change := func(n int, to string) string { r := good(); r[n] = to; return file(r...) }
	for name, in := range map[string]string{
		"nothing":                "",
		"a cut file":             file(good()...)[:500],
		"no trailer":             file(append(good()[:3], record("9"))...),
		"another sum":            change(3, record("8000002000000113571")),
		"another count":          change(3, record("8000001000000113570")),
		"another type":           change(0, record("1110")),
		"no result":              change(1, data("31", "1", " ")),
		"no digits":              change(1, data("3x", "1", "0")),
		"a pending payment":      status("r", "PART", `<TxInfAndSts><OrgnlEndToEndId>a1</OrgnlEndToEndId><TxSts>PDNG</TxSts></TxInfAndSts>`),
		"an unknown status":      status("r", "XXXX", ""),
		"no run":                 status("", "ACSC", ""),
		"another document":       `<html></html>`,
		"cut XML":                status("r", "ACSC", "")[:200],
		"entities that multiply": `<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>&b;</OrgnlMsgId></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>`,
	} {
		if r, err := bankreply.Read([]byte(in)); fault.As(err) == nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(file(good()...)))
	f.Add([]byte(status("r", "PART", rejected)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := bankreply.Read(b)
		if err != nil && fault.As(err) == nil {
			t.Errorf("an error without a sentence: %v", err)
		}
		if err == nil && r.Run == "" && len(r.Results) == 0 {
			t.Error("a reply that says nothing was taken")
		}
	})
}
