package payout

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"hinomi.dev/hinomi/internal/fault"
)

// ReadReturns reads what a bank sent back: a line for each payment, its award or the number of its
// report, a comma, and the bank's reason; in UTF-8 or Shift_JIS. of says which award a name means. A
// line that does not fit refuses the whole.
func ReadReturns(text []byte, of map[string]string) (map[string]string, error) {
	if text = bytes.TrimPrefix(text, []byte("\ufeff")); !utf8.Valid(text) {
		decoded, err := japanese.ShiftJIS.NewDecoder().Bytes(text)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, fault.New(fault.Invalid, "The text is neither UTF-8 nor Shift_JIS. Nothing was taken.", "文字コードがUTF-8でもShift_JISでもありません。何も登録していません。").At("returns")
		}
		text = decoded
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord, rows.LazyQuotes, rows.TrimLeadingSpace = -1, true, true
	back := map[string]string{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return back, nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "This is no CSV. Nothing was taken.", "CSVとして読めません。何も登録していません。").At("returns").Because(err)
		}
		line, _ := rows.FieldPos(0)
		name, reason := strings.TrimSpace(row[0]), strings.TrimSpace(strings.Join(row[1:], ", "))
		award, known := of[name]
		_, twice := back[award]
		switch {
		case name == "" && reason == "":
			continue
		case !known:
			return nil, fault.New(fault.Invalid, "Line %d: “%s” is not in this run, or more than one payment is meant. Nothing was taken.",
				"%d行目：「%s」はこの支払処理にないか、支払いを1件に特定できません。何も登録していません。", line, name).At("returns")
		case reason == "":
			return nil, fault.New(fault.Invalid, "Line %d: the bank’s reason is missing after “%s,”. Nothing was taken.",
				"%d行目：「%s,」の後に銀行の返却理由がありません。何も登録していません。", line, name).At("returns")
		case twice:
			return nil, fault.New(fault.Invalid, "Line %d: “%s” is there twice. Nothing was taken.", "%d行目：「%s」が2回あります。何も登録していません。", line, name).At("returns")
		}
		back[award] = reason
	}
}
