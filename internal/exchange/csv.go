package exchange

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/money"
)

// maxCSV is more than a century of a bank's daily rates in all currencies.
const maxCSV = 16 << 20

// ReadCSV reads a bank's history of rates, in UTF-8 or Shift_JIS: any lines before the one that has USD
// as a heading, then a day in the first column and the rate in that one. Days are written 2018/9/28 or
// 2018-09-28. A line that does not fit refuses the whole file, as does a day after today.
func ReadCSV(r io.Reader, today calendar.Date) (Table, error) {
	text, err := decode(r)
	if err != nil {
		return nil, err
	}
	rows := csv.NewReader(strings.NewReader(text))
	rows.FieldsPerRecord, rows.LazyQuotes = -1, true
	table, column := Table{}, -1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "The file is no CSV.", "CSVファイルとして読めません。").Because(err)
		}
		line, _ := rows.FieldPos(0)
		switch {
		case column < 0:
			if column, err = heading(row); err != nil {
				return nil, at(line, err)
			}
		case strings.TrimSpace(strings.Join(row, "")) == "":
		default:
			if err := table.add(row, column, today); err != nil {
				return nil, at(line, err)
			}
		}
	}
	if column < 0 {
		return nil, fault.New(fault.Invalid, "No column is headed USD.", "USDという見出しの列がありません。")
	}
	if len(table) == 0 {
		return nil, fault.New(fault.Invalid, "There are no rates under the headings.", "見出しの下にレートがありません。")
	}
	return table, table.jumps()
}

// decode returns the text of the file.
func decode(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxCSV+1))
	if err != nil {
		return "", fmt.Errorf("reading rates: %w", err)
	}
	if len(b) > maxCSV {
		return "", fault.New(fault.Invalid, "The file is larger than %d bytes.", "ファイルが%dバイトを超えています。", maxCSV)
	}
	if b = bytes.TrimPrefix(b, []byte("\ufeff")); utf8.Valid(b) {
		return string(b), nil
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(b)
	if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
		return "", fault.New(fault.Invalid, "The file is neither UTF-8 nor Shift_JIS.", "ファイルの文字コードがUTF-8でもShift_JISでもありません。")
	}
	return string(text), nil
}

// heading returns the column that a row heads USD, or -1.
func heading(row []string) (int, error) {
	column := -1
	for i, cell := range row {
		if strings.TrimSpace(cell) != money.USD {
			continue
		}
		if column >= 0 {
			return -1, fault.New(fault.Invalid, "Two columns are headed USD. Leave the one with the designated rate.", "USDという見出しの列が2つあります。指定レートの列だけにしてください。")
		}
		column = i
	}
	if column == 0 {
		return -1, fault.New(fault.Invalid, "The first column is headed USD, and has to have the days.", "1列目の見出しがUSDになっています。1列目は日付です。")
	}
	return column, nil
}

var day = regexp.MustCompile(`^([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})$`)

// add puts a row into the table.
func (t Table) add(row []string, column int, today calendar.Date) error {
	m := day.FindStringSubmatch(strings.TrimSpace(row[0]))
	if m == nil {
		return fault.New(fault.Invalid, "“%s” is no day.", "「%s」は日付として読めません。", row[0])
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // they are digits
	}
	d := calendar.Of(n[0], time.Month(n[1]), n[2])
	if d != (calendar.Date{Year: n[0], Month: time.Month(n[1]), Day: n[2]}) {
		return fault.New(fault.Invalid, "There is no day %s.", "%sという日はありません。", row[0])
	}
	if d.After(today) {
		return fault.New(fault.Invalid, "%v lies in the future: today is %v.", "%vは将来の日付です。今日は%vです。", d, today)
	}
	if _, twice := t[d]; twice {
		return fault.New(fault.Invalid, "%v is there twice.", "%vが2回あります。", d)
	}
	if column >= len(row) {
		return fault.New(fault.Invalid, "The row of %v ends before the column of the dollar.", "%vの行にドルの列がありません。", d)
	}
	rate, err := money.ParseDecimal(strings.TrimSpace(row[column]))
	if err != nil || rate.IsZero() {
		return fault.New(fault.Invalid, "“%s” is no rate for %v.", "「%s」は%vのレートとして読めません。", row[column], d)
	}
	t[d] = rate
	return nil
}

// jumps refuses a table in which a rate is more than a quarter away from that before it. The dollar
// never moved so far between two bank days; a misplaced point or column does.
func (t Table) jumps() error {
	days := slices.SortedFunc(maps.Keys(t), calendar.Date.Compare)
	for i := 1; i < len(days); i++ {
		a, b := t[days[i-1]], t[days[i]]
		if days[i-1].DaysUntil(days[i]) > 31 {
			continue // a gap, over which it may
		}
		if r := new(big.Rat).Quo(b.Rat(), a.Rat()); r.Cmp(big.NewRat(5, 4)) > 0 || r.Cmp(big.NewRat(4, 5)) < 0 {
			return fault.New(fault.Invalid, "From %v to %v the rate goes from %s to %s: a point or a column is in the wrong place.",
				"%vから%vの間にレートが%sから%sに変わっています。小数点か列の位置に誤りがあります。", days[i-1], days[i], a, b)
		}
	}
	return nil
}

// at returns a fault with the line it is on.
func at(line int, err error) error {
	f := fault.As(err)
	return fault.New(fault.Invalid, "Line %[1]d: %[2]s", "%[1]d行目：%[3]s", line, f.Text.EN, f.Text.JA)
}
