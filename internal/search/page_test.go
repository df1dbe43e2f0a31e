package search

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hinomi.dev/hinomi/internal/db"
	"hinomi.dev/hinomi/internal/db/dbtest"
)

// all reads every page of a query.
func all(t *testing.T, d *db.DB, query string, limit int) (docs []string, pages int) {
	t.Helper()
	for after := ""; ; pages++ {
		p, err := FindPage(ctx, d, query, limit, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Docs) > limit {
			t.Fatalf("a page of %d", len(p.Docs))
		}
		docs = append(docs, p.Docs...)
		if after = p.Next; after == "" {
			return docs, pages + 1
		}
	}
}

func TestPagesFollowEachOtherWithoutGapOrRepeat(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var want, even []string
		for i := range 97 {
			index(t, d, docID(i), fmt.Sprintf("common 認証回避 parity%d", i%2))
			want = append([]string{docID(i)}, want...)
			if i%2 == 0 {
				even = append([]string{docID(i)}, even...)
			}
			if i == 80 {
				catchup(t, d) // the last sixteen wait
			}
		}
		index(t, d, docID(40), "common 認証回避 parity0") // and one of the middle
		for range 2 {
			for _, limit := range []int{1, 7, 16, 17, 100} {
				for query, want := range map[string][]string{"common": want, "認証回避": want, "c*": want, "com*": want, "-absent": want, "parity0": even, "common -parity1": even} {
					got, pages := all(t, d, query, limit)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s by %d: (-want +got)\n%s", query, limit, diff)
					}
					if least := (len(want) + limit - 1) / limit; pages != least {
						t.Errorf("%s by %d: %d pages, want %d", query, limit, pages, least)
					}
				}
			}
			catchup(t, d)
		}
	})
}

func TestIndexingBetweenTwoPagesChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var want []string
		for i := range 30 {
			index(t, d, docID(i), "common")
			want = append([]string{docID(i)}, want...)
			if i == 9 {
				catchup(t, d)
			}
		}
		first, err := FindPage(ctx, d, "common", 5, "")
		if err != nil {
			t.Fatal(err)
		}
		got := first.Docs
		catchup(t, d)
		index(t, d, docID(30), "common") // newer than the first page
		for after := first.Next; after != ""; {
			p, err := FindPage(ctx, d, "common", 5, after)
			if err != nil {
				t.Fatal(err)
			}
			got, after = append(got, p.Docs...), p.Next
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestTheWorkOfAPageIsLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for i := range 120 { // all have the pairs of 脆弱性認, one has them side by side
			text := "脆弱 弱性 性認"
			if i == 3 {
				text = "脆弱性認証"
			}
			index(t, d, docID(i), text)
		}
		catchup(t, d)
		var got []string
		pages := 0
		for after := ""; ; {
			p, err := findPage(ctx, d, "脆弱性認", 10, after, 50)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.Docs...)
			pages++
			if after = p.Next; after == "" {
				break
			}
		}
		if !slices.Equal(got, []string{docID(3)}) || pages != 3 {
			t.Errorf("%v in %d pages, want one document in 3", got, pages)
		}
	})
}
