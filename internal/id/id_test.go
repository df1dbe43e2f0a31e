package id

import (
	"testing"
	"time"
)

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	a := New(time.UnixMilli(1_600_000_000_000))
	b := New(time.UnixMilli(1_600_000_000_001))
	if len(a) != 26 || a >= b {
		t.Errorf("%q must have 26 characters and sort before %q", a, b)
	}
	if a, b := New(time.UnixMilli(0)), New(time.UnixMilli(0)); a == b {
		t.Error("two ids of one instant are the same")
	}
}

func TestWhatAPersonTypesIsRead(t *testing.T) {
	if got := Canonical(" 7k3m oil0 "); got != "7K3M0110" {
		t.Errorf("Canonical = %q", got)
	}
}
