package pain

import "encoding/xml"

// The elements of the message that we write, in the order that the schema demands. Names are ours,
// tags are the message's.

type document struct {
	XMLName   xml.Name   `xml:"Document"`
	Namespace string     `xml:"xmlns,attr"`
	Body      initiation `xml:"CstmrCdtTrfInitn"`
}

type initiation struct {
	Header header  `xml:"GrpHdr"`
	Info   payment `xml:"PmtInf"`
}

type header struct {
	ID        string    `xml:"MsgId"`
	Created   string    `xml:"CreDtTm"`
	Count     int       `xml:"NbOfTxs"`
	Sum       string    `xml:"CtrlSum"`
	Initiator initiator `xml:"InitgPty"`
}

type initiator struct {
	Name string `xml:"Nm"`
}

type payment struct {
	ID        string     `xml:"PmtInfId"`
	Method    string     `xml:"PmtMtd"`
	Count     int        `xml:"NbOfTxs"`
	Sum       string     `xml:"CtrlSum"`
	Day       day        `xml:"ReqdExctnDt"`
	Debtor    party      `xml:"Dbtr"`
	Account   account    `xml:"DbtrAcct"`
	Agent     agent      `xml:"DbtrAgt"`
	Charges   string     `xml:"ChrgBr"`
	Transfers []transfer `xml:"CdtTrfTxInf"`
}

// A day is text in version 03, and an element of its own in 09, where it may also be a time.
type day struct {
	Plain string `xml:",chardata"`
	Date  string `xml:"Dt,omitempty"`
}

type party struct {
	Name    string  `xml:"Nm"`
	Address address `xml:"PstlAdr"`
}

type address struct {
	Town    string `xml:"TwnNm"`
	Country string `xml:"Ctry"`
}

type account struct {
	IBAN  string `xml:"Id>IBAN,omitempty"`
	Other *other `xml:"Id>Othr"`
}

type other struct {
	Number string `xml:"Id"`
}

type agent struct {
	Institution institution `xml:"FinInstnId"`
}

type institution struct {
	BIC      string    `xml:"BIC,omitempty"`   // version 03
	BICFI    string    `xml:"BICFI,omitempty"` // version 09
	Clearing *clearing `xml:"ClrSysMmbId"`
}

type clearing struct {
	System string `xml:"ClrSysId>Cd"`
	Member string `xml:"MmbId"`
}

type transfer struct {
	ID         ids         `xml:"PmtId"`
	Amount     amount      `xml:"Amt>InstdAmt"`
	Agent      agent       `xml:"CdtrAgt"`
	Creditor   party       `xml:"Cdtr"`
	Account    account     `xml:"CdtrAcct"`
	Remittance *remittance `xml:"RmtInf"`
}

type ids struct {
	EndToEnd string `xml:"EndToEndId"`
	UETR     string `xml:"UETR,omitempty"` // version 09
}

type amount struct {
	Currency string `xml:"Ccy,attr"`
	Value    string `xml:",chardata"`
}

type remittance struct {
	Text string `xml:"Ustrd"`
}
