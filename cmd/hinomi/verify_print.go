package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hinomi.dev/hinomi/internal/lang"
	"hinomi.dev/hinomi/internal/receipt"
)

// outcomes are the last line: what it all comes to.
var outcomes = map[receipt.Result]lang.Text{
	receipt.OK:      {EN: "Verified.", JA: "検証に成功しました。"},
	receipt.Pending: {EN: "Nothing is wrong, and not everything can be checked yet.", JA: "問題はありませんが、まだ確認できない項目があります。"},
	receipt.Failed:  {EN: "NOT verified.", JA: "検証に失敗しました。"},
}

// marks stand before each sentence; the word carries the meaning, not a colour.
var marks = map[receipt.Result]lang.Text{
	receipt.OK:      {EN: "ok     ", JA: "適合"},
	receipt.Note:    {EN: "note   ", JA: "注意"},
	receipt.Pending: {EN: "not yet", JA: "未了"},
	receipt.Failed:  {EN: "FAILED ", JA: "不適合"},
}

// print writes each document with its checks, then those of the log, then the outcome.
func (c *VerifyCmd) print(w io.Writer, v receipt.Verdict) error {
	l := lang.Lang(c.Lang)
	var b strings.Builder
	for _, name := range c.Receipt {
		fmt.Fprintf(&b, "%s\n", name)
		for _, d := range v.Documents {
			if d.Name == name {
				b.WriteString(about(d).In(l))
			}
		}
		writeChecks(&b, v, name, l)
	}
	if slices.ContainsFunc(v.Checks, func(c receipt.Check) bool { return c.Document == "" }) {
		fmt.Fprintln(&b, lang.Text{EN: "Key and log", JA: "鍵とログ"}.In(l))
		writeChecks(&b, v, "", l)
	}
	fmt.Fprintln(&b, outcomes[v.Result()].In(l))
	_, err := io.WriteString(w, b.String())
	return err
}

func writeChecks(b *strings.Builder, v receipt.Verdict, document string, l lang.Lang) {
	for _, check := range v.Checks {
		if check.Document == document {
			fmt.Fprintf(b, "  %s  %s\n", marks[check.Result].In(l), check.Text.In(l))
		}
	}
}

// about says in a few lines what a document is. What it quotes was parsed, so nothing in it
// acts on a terminal once it is quoted.
func about(d receipt.Document) lang.Text {
	if e := d.Evidence; e != nil {
		at := e.Received.In(jst).Format(jstLayout)
		return lang.Text{
			EN: fmt.Sprintf("  card for %q: the original is entry %d, received %s\n", e.ID, e.OriginalEntry, at),
			JA: fmt.Sprintf("  報告 %q への証明カード：原本は%d番の記録、受領 %s\n", e.ID, e.OriginalEntry, at),
		}
	}
	r := d.Receipt
	s := r.Statement
	at := s.Received.In(jst).Format(jstLayout)
	t := lang.Text{
		EN: fmt.Sprintf("  %s %q to %q, entry %d, received %s\n", s.Kind, s.ID, s.Program, r.Entry, at),
		JA: fmt.Sprintf("  %s %q（%q）、%d番の記録、受領 %s\n", kinds[s.Kind], s.ID, s.Program, r.Entry, at),
	}
	if s.DisclosureFrom != "" {
		t.EN += fmt.Sprintf("  confidential under terms %q; free from %s (Japan)\n", s.Terms, s.DisclosureFrom)
		t.JA += fmt.Sprintf("  規約 %q による守秘。公開可能日 %s（日本時間）\n", s.Terms, s.DisclosureFrom)
	}
	if s.ClaimedSince != "" {
		t.EN += fmt.Sprintf("  the desk claims to know it since %s; this proves nothing before the time above\n", s.ClaimedSince)
		t.JA += fmt.Sprintf("  運営は %s から既知と申告していますが、上記の時刻より前の証明にはなりません\n", s.ClaimedSince)
	}
	return t
}

var kinds = map[receipt.Kind]string{receipt.Report: "報告", receipt.Known: "既知の問題"}

var jst = time.FixedZone("JST", 9*60*60)

const jstLayout = "2006-01-02 15:04:05 JST"

type verdictJSON struct {
	Result    receipt.Result `json:"result"` // ok, pending or failed
	Checks    []checkJSON    `json:"checks"`
	Documents []documentJSON `json:"documents"`
}

type checkJSON struct {
	Document string         `json:"document,omitempty"`
	Name     string         `json:"name"`
	Result   receipt.Result `json:"result"`
	Text     string         `json:"text"`
}

type documentJSON struct {
	Document       string     `json:"document"`
	Type           string     `json:"type"` // receipt or evidence
	Kind           string     `json:"kind"`
	ID             string     `json:"id"`
	Program        string     `json:"program"`
	Log            string     `json:"log"`
	Entry          int64      `json:"entry"`
	Original       *int64     `json:"original_entry,omitempty"`
	Received       time.Time  `json:"received"` // of the original, on a card
	Terms          string     `json:"terms,omitempty"`
	DisclosureFrom string     `json:"disclosure_from,omitempty"`
	ClaimedSince   string     `json:"claimed_since,omitempty"`
	PublishedBy    time.Time  `json:"published_by"`
	Files          []fileJSON `json:"files,omitempty"`
}

type fileJSON struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

func (c *VerifyCmd) printJSON(w io.Writer, v receipt.Verdict) error {
	out := verdictJSON{Result: v.Result(), Checks: []checkJSON{}, Documents: []documentJSON{}}
	for _, check := range v.Checks {
		out.Checks = append(out.Checks, checkJSON{check.Document, check.Name, check.Result, check.Text.In(lang.Lang(c.Lang))})
	}
	for _, d := range v.Documents {
		out.Documents = append(out.Documents, describe(d))
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

func describe(d receipt.Document) documentJSON {
	if e := d.Evidence; e != nil {
		return documentJSON{
			Document: d.Name, Type: "evidence", Kind: string(e.Kind), ID: e.ID, Program: e.Program, Log: e.Log,
			Entry: e.DuplicateEntry, Original: &e.OriginalEntry, Received: e.Received, PublishedBy: e.PublishedBy,
		}
	}
	s := d.Receipt.Statement
	j := documentJSON{
		Document: d.Name, Type: "receipt", Kind: string(s.Kind), ID: s.ID, Program: s.Program, Log: d.Receipt.Log,
		Entry: d.Receipt.Entry, Received: s.Received, Terms: s.Terms, DisclosureFrom: s.DisclosureFrom,
		ClaimedSince: s.ClaimedSince, PublishedBy: d.Receipt.PublishedBy,
	}
	for _, f := range s.Files {
		j.Files = append(j.Files, fileJSON{f.Name, hex.EncodeToString(f.SHA256[:]), f.Size})
	}
	return j
}
