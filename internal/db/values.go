package db

import (
	"iter"
	"strconv"
)

// mostValues is how many rows a statement writes: more would hardly make it faster, and its parameters
// stay far below what the databases take.
const mostValues = 16

// Values returns rows as the text and the arguments of VALUES lists, in pieces whose lengths are powers
// of two: a statement is compiled for each length, and these are few.
//
//	for values, args := range db.Values(rows) {
//		… tx.ExecContext(ctx, `INSERT INTO audit (seq, at) VALUES `+values, args...)
//	}
//
// All rows have the same number of columns.
func Values(rows [][]any) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for len(rows) > 0 {
			n := mostValues
			for n > len(rows) {
				n /= 2
			}
			if !yield(values(rows[:n])) {
				return
			}
			rows = rows[n:]
		}
	}
}

func values(rows [][]any) (string, []any) {
	cells := len(rows) * len(rows[0])
	text, args := make([]byte, 0, 6*cells), make([]any, 0, cells)
	for i, row := range rows {
		if i > 0 {
			text = append(text, ", "...)
		}
		for j := range row {
			open := ", $"
			if j == 0 {
				open = "($"
			}
			text = strconv.AppendInt(append(text, open...), int64(len(args)+j+1), 10)
		}
		text, args = append(text, ')'), append(args, row...)
	}
	return string(text), args
}
