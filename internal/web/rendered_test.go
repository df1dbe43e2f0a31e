package web

import (
	"fmt"
	"strings"
	"testing"
)

func TestARowIsRenderedOnceAndEscaped(t *testing.T) {
	page := loadPages()["queue.html"]
	var c renderedRows
	row := queueRow{ID: "1234-5678", Title: `<script>alert(1)</script>`, Target: `"onmouseover=x`, Whose: "Ours"}
	first, err := c.of(page, []queueRow{row, row})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(first), "<script") || !strings.Contains(string(first), "&lt;script&gt;") || len(c.rows) != 1 {
		t.Errorf("%d rows remembered: %s", len(c.rows), first)
	}
	again, err := c.of(page, []queueRow{row, row})
	if err != nil || again != first {
		t.Errorf("the second time: %v, %s", err, again)
	}
	row.Whose = "Yours"
	if other, err := c.of(page, []queueRow{row}); err != nil || !strings.Contains(string(other), "Yours") || strings.Contains(string(other), "Ours") {
		t.Errorf("the same row in other words: %v, %s", err, other)
	}
}

func TestRememberedRowsAreBounded(t *testing.T) {
	page := loadPages()["queue.html"]
	c := renderedRows{rows: map[queueRow]tableRows{}}
	for i := range mostRendered {
		c.rows[queueRow{ID: fmt.Sprint(i)}] = ""
	}
	if html, err := c.of(page, []queueRow{{ID: "new"}}); err != nil || !strings.Contains(string(html), "new") || len(c.rows) != 1 {
		t.Errorf("%v, %d rows remembered: %s", err, len(c.rows), html)
	}
}
