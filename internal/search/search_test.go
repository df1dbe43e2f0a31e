package search

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

var ctx = context.Background()

func index(t testing.TB, d *db.DB, doc, text string) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *sql.Tx) error { return Index(ctx, tx, doc, WordsOf(text)) }); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, d *db.DB, doc string) {
	t.Helper()
	if err := d.Tx(ctx, func(tx *sql.Tx) error { return Remove(ctx, tx, doc) }); err != nil {
		t.Fatal(err)
	}
}

func catchup(t testing.TB, d *db.DB) {
	t.Helper()
	x := &Indexer{DB: d, Log: slog.New(slog.DiscardHandler)}
	for {
		n, err := x.Catchup(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func find(t testing.TB, d *db.DB, query string) []string {
	t.Helper()
	docs, err := Find(ctx, d, query, 100)
	if err != nil {
		t.Fatalf("Find(%q): %v", query, err)
	}
	return docs
}

var library = map[string]string{
	"01": "認証回避の脆弱性。store.line.me の /api/v1/users?id=5 で確認。",
	"02": "Stored XSS in the profile name (CVE-2020-1234). The server answers 200.",
	"03": "サーバーサイドの検証が無く、パスワードのリークが起きる。",
	"04": "サーバ側でリクエストを再送すると課金される。キーを回避。",
	"05": "Cross-site request forgery on news.line.me; don't ask. user_id is not checked, authenticated users only.",
	"06": "クロスサイト・リクエスト・フォージェリ（ＣＳＲＦ）で設定変更。 認証は不要。",
	"07": "The line is busy, call me later. The cross site shows an id of v1 users at the api.",
	"08": "鍵の管理。暗号鍵がソースに埋め込まれている。",
}

var wanted = map[string]string{
	`認証`:       "06 01",
	`認証回避`:     "01",
	`認証 回避`:    "01",
	`回避`:       "04 01",
	`脆弱性`:      "01",
	`xss`:      "02",
	`XSS`:      "02",
	`ｘｓｓ`:      "02",
	`server`:   "02",
	`serv`:     "",
	`serv*`:    "02",
	`s*`:       "07 05 02 01",
	`ser* xss`: "02",
	`サーバ`:      "04 03",
	`サーバー`:     "04 03",
	`ｻｰﾊﾞｰ`:    "04 03",
	`サーバサイド`:   "03",
	`サーバー・サイド`: "03",
	`リーク`:      "03",
	`キー`:       "04",
	`サバ`:       "",
	`鍵`:        "08",
	`暗号鍵`:      "08",
	`csrf`:     "06",
	`クロスサイトリクエストフォージェリ`:  "06",
	`クロスサイトリクエストフォージェリー`: "06",
	`cross-site`:               "07 05",
	`"cross site"`:             "07 05",
	`"site cross"`:             "",
	`site cross`:               "07 05",
	`「認証回避」`:                   "01",
	`line.me`:                  "05 01",
	`store.line.me`:            "01",
	`line me`:                  "07 05 01",
	`"line me"`:                "05 01",
	`/api/v1/users`:            "01",
	`api v1`:                   "07 01",
	`CVE-2020-1234`:            "02",
	`cve 2020`:                 "02",
	`user_id`:                  "05",
	`don't`:                    "05",
	`-認証 -server`:              "08 07 05 04 03",
	`回避 -認証`:                   "04",
	`認証 －回避`:                   "06",
	`cross -"request forgery"`: "07",
	`line -store.line.me`:      "07 05",
	`認証 -サーバー`:                 "06 01",
	`users -auth*`:             "07 01",
	`"users at"`:               "07",
	`XSS脆弱性`:                   "",
	`CSRF設定変更`:                 "06",
	`"profile name"*`:          "02",
	`"profile na"*`:            "02",
	`"`:                        "",
	``:                         "",
	`   `:                      "",
	`-`:                        "",
	`*`:                        "",
	`" " - *`:                  "",
	`!!! ???`:                  "",
	`"the server`:              "02",
	`nothinghere`:              "",
	`the AND server`:           "",
	`xss OR csrf`:              "",
	`NEAR(xss csrf)`:           "",
	`words:xss`:                "",
	`xss'; DROP TABLE x; --`:   "",
}

func TestFind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for doc, text := range library {
			index(t, d, doc, text)
		}
		check := func(when string) {
			for query, want := range wanted {
				if got := strings.Join(find(t, d, query), " "); got != want {
					t.Errorf("%s: %s finds %q, want %q", when, query, got, want)
				}
			}
		}
		check("waiting")
		catchup(t, d)
		if n := dbtest.Count(t, d, "search_doc WHERE state = 0"); n != len(library) {
			t.Fatalf("%d documents are in the index, want %d", n, len(library))
		}
		check("indexed")
		index(t, d, "04", library["04"]) // one waits again
		check("waiting again")
	})
}

func TestAChangedDocumentIsFoundByItsNewWordsOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		index(t, d, "1", "old words 認証")
		index(t, d, "2", "other words")
		catchup(t, d)
		index(t, d, "1", "new words 回避")
		for _, when := range []string{"waiting", "indexed"} {
			for query, want := range map[string]string{"old": "", "認証": "", "new": "1", "回避": "1", "words": "2 1"} {
				if got := strings.Join(find(t, d, query), " "); got != want {
					t.Errorf("%s: %s finds %q, want %q", when, query, got, want)
				}
			}
			catchup(t, d)
		}
	})
}

func TestARemovedDocumentIsGone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		index(t, d, "1", "secret words")
		index(t, d, "2", "secret things")
		index(t, d, "3", "secret plans")
		remove(t, d, "3") // before it was ever in the index
		catchup(t, d)
		remove(t, d, "1")
		remove(t, d, "nobody")
		for range 2 {
			if got := find(t, d, "secret"); !slices.Equal(got, []string{"2"}) {
				t.Errorf("found %v", got)
			}
			if n := dbtest.Count(t, d, "search_doc WHERE text LIKE '%words%' OR text LIKE '%plans%'"); n != 0 {
				t.Error("the text of a removed document is still there")
			}
			catchup(t, d)
		}
		if n := dbtest.Count(t, d, "search_doc"); n != 1 {
			t.Errorf("%d documents are left", n)
		}
		if n := dbtest.Count(t, d, "search_word"); n != 1 {
			t.Errorf("%d documents are left in the index", n)
		}
		index(t, d, "1", "back again")
		catchup(t, d)
		if got := find(t, d, "again"); !slices.Equal(got, []string{"1"}) {
			t.Errorf("a document that came back: %v", got)
		}
	})
}

func TestWhatRollsBackIsNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		_ = d.Tx(ctx, func(tx *sql.Tx) error {
			if err := Index(ctx, tx, "1", WordsOf("never")); err != nil {
				t.Error(err)
			}
			return errors.New("changed my mind")
		})
		if got := find(t, d, "never"); len(got) != 0 {
			t.Errorf("found %v", got)
		}
	})
}

func TestTwoIndexersTakeTurns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 200 {
			index(t, d, docID(i), fmt.Sprintf("word%d common", i))
		}
		done := make(chan error)
		for range 3 {
			go func() {
				x := &Indexer{DB: d, Log: slog.New(slog.DiscardHandler)}
				for {
					n, err := x.Catchup(ctx)
					if n == 0 || err != nil {
						done <- err
						return
					}
				}
			}()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := dbtest.Count(t, d, "search_word"); n != 200 {
			t.Errorf("%d documents in the index", n)
		}
		if got := find(t, d, "word77"); !slices.Equal(got, []string{docID(77)}) {
			t.Errorf("found %v", got)
		}
	})
}

func TestTextsOfEveryKindAreIndexed(t *testing.T) {
	var many strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&many, "n%d.%d ", i, i*7)
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i, text := range []string{
			"", "。", "\x00\xff\xfe", strings.Repeat("a", 1<<20), strings.Repeat("認", 200_000), strings.Repeat("ー", 1000), many.String(),
			strings.Repeat("サーバー", 50_000), "'\"\\ # $ % : * ! & | ( ) <->", "𠮷野家 🎉 ﷽", strings.Repeat("ab_", 100_000), "a" + strings.Repeat("\u0301", 5000),
		} {
			index(t, d, docID(i), text)
		}
		catchup(t, d)
		for query, want := range map[string]string{"n5.35": docID(6), "𠮷野": docID(9), "n20": docID(6), strings.Repeat("a", 900) + "*": docID(3), strings.Repeat("a", 64): "", "サーバサーバ": docID(7)} {
			if got := strings.Join(find(t, d, query), " "); got != want {
				t.Errorf("%.20s finds %q, want %q", query, got, want)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	for query := range wanted {
		f.Add(query)
	}
	f.Add(`"a" AND NOT "b" OR {c} : ^d + e* NEAR/2`)
	f.Add("\x00\xff'\\:*&!|()<->")
	d := dbtest.SQLite(f)
	for doc, text := range library {
		index(f, d, doc, text)
	}
	catchup(f, d)
	index(f, d, "99", strings.Join([]string{library["02"], library["06"]}, "\n\n"))
	f.Fuzz(func(t *testing.T, query string) {
		docs, err := Find(ctx, d, query, 100)
		if err != nil {
			t.Fatalf("Find(%q): %v", query, err)
		}
		// The index finds exactly what reading every text finds.
		p, ok := newPlan(query)
		var want []string
		for doc, text := range library {
			if ok && match(flatten(text), p.all) {
				want = append(want, doc)
			}
		}
		docs = slices.DeleteFunc(docs, func(doc string) bool { return doc == "99" })
		slices.Sort(want)
		slices.Reverse(want)
		if !slices.Equal(docs, want) {
			t.Fatalf("Find(%q) = %v, reading all gives %v; plan %+v", query, docs, want, p)
		}
	})
}

func FuzzCursor(f *testing.F) {
	d := dbtest.SQLite(f)
	for doc, text := range library {
		index(f, d, doc, text)
	}
	for _, s := range []string{"", "1.2.3", "..", "zz.zz.01", "-1.-1."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, after string) {
		if _, err := FindPage(ctx, d, "認証", 3, after); err != nil {
			t.Fatalf("FindPage after %q: %v", after, err)
		}
	})
}
