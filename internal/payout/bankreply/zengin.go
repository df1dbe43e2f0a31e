package bankreply

import (
	"bytes"
	"strconv"
	"strings"

	"hinomi.dev/hinomi/internal/fault"
)

// recordLength is the length of every record of a result file, without its line end.
const recordLength = 120

// readZengin reads the records that were sent, sent back by the bank with the result of each in the first
// byte of what is free at the end of a data record: 0 paid, 1 to 9 not paid, as files of the collecting
// type have it. For transfers the association leaves that byte to the banks: one that uses it otherwise
// needs its returns typed in.
func readZengin(file []byte) (Reply, error) {
	body := bytes.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0x1a {
			return -1
		}
		return r
	}, latin(file))
	records := len(body) / recordLength
	if records == 0 || len(body)%recordLength != 0 {
		return Reply{}, fault.New(fault.Invalid, "The file has no records of %d bytes, so it is no result of a bank, or was cut.",
			"%dバイトのレコードになっていません。銀行の結果ファイルではないか、途中で切れています。", recordLength)
	}
	var z zengin
	for n := range records {
		if err := z.record(string(body[n*recordLength:(n+1)*recordLength]), n+1); err != nil {
			return Reply{}, err
		}
	}
	if n := len(z.Results); n == 0 || z.order.String() != "1"+strings.Repeat("2", n)+"89" {
		return Reply{}, fault.New(fault.Invalid, "The records are not in the order of a file: header, payments, trailer, end.",
			"レコードの並びが、ヘッダー・データ・トレーラー・エンドの順になっていません。")
	}
	return z.Reply, nil
}

// latin makes a byte of every sign that is none of ASCII, so that names in kana keep their length.
func latin(file []byte) []byte {
	plain := bytes.Clone(file)
	for i, b := range plain {
		if b >= 0x80 {
			plain[i] = '?'
		}
	}
	return plain
}

// A zengin is a result file on its way through the reader.
type zengin struct {
	Reply
	order strings.Builder // the kinds of the records
	total int64
}

func (z *zengin) record(r string, n int) error {
	z.order.WriteString(r[:1])
	switch r[0] {
	case '1':
		if r[1:3] != "21" {
			return fault.New(fault.Invalid, "It is of type %q, not 21.", "種別コードが%qです。総合振込（21）のファイルを指定してください。", r[1:3])
		}
	case '2':
		return z.data(r, n)
	case '8':
		count, ok1 := digits(r[1:7])
		total, ok2 := digits(r[7:19])
		if !ok1 || !ok2 || count != int64(len(z.Results)) || total != z.total {
			return fault.New(fault.Invalid, "The sums at the end do not fit the payments: the file was changed, or cut.", "末尾の合計が明細と一致しません。ファイルが変更されたか、欠けています。")
		}
	}
	return nil
}

func (z *zengin) data(r string, n int) error {
	amount, ok1 := digits(r[80:90])
	person, ok2 := digits(r[91:101])
	reference, ok3 := digits(r[101:111])
	if code := r[113]; !ok1 || !ok2 || !ok3 || code < '0' || code > '9' {
		return fault.New(fault.Invalid, "Record %d has no result, or its amount or codes are no digits. Nothing was taken.",
			"レコード%dに結果がないか、金額またはコードが数字ではありません。何も登録していません。", n)
	}
	one := Result{Key: strconv.FormatInt(person, 10) + "/" + strconv.FormatInt(reference, 10), Returned: r[113] != '0'}
	if one.Returned {
		one.Reason = "result code " + r[113:114]
	}
	z.Results, z.total = append(z.Results, one), z.total+amount
	return nil
}

// digits reads a number with zeros in front.
func digits(s string) (int64, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
