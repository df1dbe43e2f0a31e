package main

import (
	"testing"
	"time"
)

func FuzzInstant(f *testing.F) {
	for _, s := range []string{"2020-11-02", "2020-11-02T10:38", "2020-11-02T01:38:00Z", "2020-11-02T10:38:00+09:00", "", "yesterday", "2020-13-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var a, b instant
		if a.UnmarshalText([]byte(s)) != nil {
			return
		}
		if y := a.UTC().Year(); y < 0 || y > 9999 {
			return // such a year is read, and RFC 3339 cannot write it
		}
		if err := b.UnmarshalText([]byte(a.UTC().Format(time.RFC3339Nano))); err != nil || !a.Equal(b.Time) {
			t.Errorf("%q is %v, and that is %v, %v", s, a, b, err)
		}
	})
}

func TestADateBeginsInTokyo(t *testing.T) {
	for text, want := range map[string]string{
		"2020-11-02":                "2020-11-01T15:00:00Z",
		"2020-11-02T10:38":          "2020-11-02T01:38:00Z",
		"2020-11-02T10:38:05":       "2020-11-02T01:38:05Z",
		"2020-11-02T09:38:00+08:00": "2020-11-02T01:38:00Z",
	} {
		var i instant
		if err := i.UnmarshalText([]byte(text)); err != nil || i.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s is %v, %v, want %s", text, i, err, want)
		}
	}
}
