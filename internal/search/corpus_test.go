package search

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A corpus makes documents like a desk's: about 1.5 KB, half of them Japanese, words by Zipf's law,
// hosts, paths and identifiers among them. The same seed gives the same documents.
type corpus struct {
	r      *rand.Rand
	en, ja []string
	ez, jz *rand.Zipf
}

func newCorpus(seed uint64) *corpus {
	r := rand.New(rand.NewPCG(seed, 7))
	c := &corpus{r: r}
	c.en = strings.Fields("the a of to and in is it server user report request attacker can message token page with account that response this on cookie session line vulnerability script payload browser parameter send")
	for len(c.en) < 12000 {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteByte("bcdfghklmnprstvw"[r.IntN(16)])
			b.WriteByte("aeiou"[r.IntN(5)])
		}
		c.en = append(c.en, b.String())
	}
	c.ja = []string{"脆弱性", "攻撃者", "認証", "サーバー", "ユーザー", "可能", "確認", "送信", "メッセージ", "リクエスト", "画面", "設定", "回避", "実行", "情報", "パラメータ", "利用者", "被害者", "方法", "手順"}
	for len(c.ja) < 9000 {
		var b strings.Builder
		if r.IntN(3) == 0 {
			for range 3 + r.IntN(4) {
				b.WriteRune('ァ' + rune(r.IntN(80)))
			}
		} else {
			for range 1 + r.IntN(3) {
				b.WriteRune('一' + rune(r.IntN(2200)))
			}
		}
		c.ja = append(c.ja, b.String())
	}
	c.ez = rand.NewZipf(r, 1.15, 4, uint64(len(c.en)-1))
	c.jz = rand.NewZipf(r, 1.15, 4, uint64(len(c.ja)-1))
	return c
}

// doc returns document n.
func (c *corpus) doc(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "https://%s.line.me/api/v%d/%s?id=%d CVE-20%02d-%d marker%06d\n",
		[]string{"store", "news", "music", "live"}[c.r.IntN(4)], c.r.IntN(4), c.en[c.ez.Uint64()], c.r.IntN(1e6), c.r.IntN(25), 1000+c.r.IntN(30000), n)
	ja := c.r.IntN(2) == 0
	for b.Len() < 1200+c.r.IntN(600) {
		if ja && c.r.IntN(12) > 0 {
			b.WriteString(c.ja[c.jz.Uint64()])
			b.WriteString([]string{"は", "が", "を", "に", "の", "で", "と", "から", "します。", "です。", "、", "できる"}[c.r.IntN(12)])
		} else {
			b.WriteString(c.en[c.ez.Uint64()])
			b.WriteString([]string{" ", " ", " ", " ", " ", ", ", ". ", "\n"}[c.r.IntN(8)])
		}
	}
	return b.String()
}

// docID returns the id of document n: sorted like n.
func docID(n int) string { return fmt.Sprintf("01J%023d", n) }
