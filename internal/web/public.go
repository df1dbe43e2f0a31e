package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/program"
)

// publicRoutes are the addresses that everybody may read: the program, its terms, who helped, and
// the log. Nothing here counts reports.
func (s *Server) publicRoutes() []route {
	return []route{
		{pattern: "GET /{$}", handle: s.getProgram, need: anybody},
		{pattern: "GET /terms", handle: s.getVersions, need: anybody},
		{pattern: "GET /terms/diff", handle: s.getTermsDiff, need: anybody},
		{pattern: "GET /terms/{version}", handle: s.getTerms, need: anybody},
		{pattern: "GET /hall-of-fame", handle: s.getFame, need: anybody},
		{pattern: "GET /hall-of-fame/{year}", handle: s.getFame, need: anybody},
		{pattern: "GET /hall-of-fame/photo/{hash}", handle: s.getFamePhoto, need: machine},
		{pattern: "GET /log", handle: s.getLog, need: anybody},
		{pattern: "GET /log/verify", handle: s.getLogVerify, need: anybody},
		{pattern: "POST /log/verify", handle: s.postLogVerify, need: anybody},
		{pattern: "GET /log/checkpoint", handle: s.getLogFile, need: machine},
		{pattern: "GET /log/key", handle: s.getLogFile, need: machine},
		{pattern: "GET /log/tile/{path...}", handle: s.getLogFile, need: machine},
	}
}

// inForce returns the terms in force now; before the first ones, those, and false.
func (s *Server) inForce() (*program.Terms, bool) {
	if t, ok := s.Program.At(s.Now()); ok {
		return t, true
	}
	return s.Program.Versions()[0], false
}

// version returns the terms with an id, or a fault that names those there are.
func (s *Server) version(id string) (*program.Terms, error) {
	if t, ok := s.Program.Version(id); ok {
		return t, nil
	}
	var ids []string
	for _, t := range s.Program.Versions() {
		ids = append(ids, t.ID)
	}
	there := strings.Join(ids, ", ")
	return nil, fault.New(fault.NotFound, "There is no such version of the terms. There are: %s.",
		"その版の規約はありません。あるのは次の版です：%s。", there)
}

// Guide returns an amount as a table has it, without empty cents: $3,000.
func (f Frame) Guide(a program.Amount) string {
	return strings.TrimSuffix(f.Money(a.Cents, a.Currency), ".00")
}

// Within returns how long the desk gives itself: 5 business days, 5営業日.
func (f Frame) Within(p program.Promise) string {
	if p.Unit == program.Business {
		return f.Count(p.Days, "business day", "business days", "営業日")
	}
	return f.Count(p.Days, "day", "days", "日")
}

// Span returns a length of time in the largest unit that fits: 15 minutes, 1 hour, 15分.
func (f Frame) Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return f.Count(int(d/day), "day", "days", "日")
	case d >= time.Hour && d%time.Hour == 0:
		return f.Count(int(d/time.Hour), "hour", "hours", "時間")
	case d >= time.Minute && d%time.Minute == 0:
		return f.Count(int(d/time.Minute), "minute", "minutes", "分")
	}
	return f.Count(int(d/time.Second), "second", "seconds", "秒")
}

// Minute returns a time of day to the minute, in a sentence: 17:45 JST.
func (f Frame) Minute(t time.Time) string { return t.In(japan).Format("15:04 JST") }

// Label returns how a clause is cited, by its id.
func (f Frame) Label(id string) string { return program.Label(id, f.Lang) }

// yearOf reads a year out of an address, in its one spelling.
func yearOf(text string) (int, error) {
	y, err := strconv.Atoi(text)
	if err != nil || fmt.Sprintf("%04d", y) != text || y < 1 {
		return 0, fault.New(fault.NotFound, "There is no such year.", "そのような年のページはありません。")
	}
	return y, nil
}
