package rule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// placeholders are the names of lists in a value.
var placeholders = regexp.MustCompile(`%([^%]+)%`)

// digests gives every rule of the set the digest of what it means.
func (l *loader) digests() {
	done := map[*document]string{}
	for _, d := range l.docs {
		if d.wrong || d.state != linked {
			continue
		}
		switch d.section {
		case "detection":
			l.set.Detections[d.index].Digest = l.digest(d, done)
		case "correlation":
			l.set.Correlations[d.index].Digest = l.digest(d, done)
		}
	}
}

// digest returns a hash of what a document asks: its own section, the filters on it, the lists it
// names and the rules it refers to. What people read, such as title and level, is not in it.
func (l *loader) digest(d *document, done map[*document]string) string {
	if s, ok := done[d]; ok {
		return s
	}
	h := sha256.New()
	entries := l.digestSection(h, d)
	if d.cor != nil {
		for _, rs := range []refs{d.cor.rules, d.cor.without, d.cor.endedBy} {
			for _, name := range rs.names {
				other := l.byName[name]
				if other == nil {
					other = l.byName[strings.ToLower(name)]
				}
				if other != nil {
					fmt.Fprintf(h, "rule %s\n", l.digest(other, done))
				}
			}
		}
	}
	for _, f := range d.filters {
		entries += l.digestSection(h, f)
	}
	fmt.Fprintf(h, "entries %d\n", entries)
	s := hex.EncodeToString(h.Sum(nil)[:8])
	done[d] = s
	return s
}

// digestSection hashes what a document is for, with its log source.
func (l *loader) digestSection(h hash.Hash, d *document) (entries int) {
	for i := 0; i+1 < len(d.n.Content); i += 2 {
		if k := d.n.Content[i].Value; k == d.section || k == "logsource" {
			l.digestNode(h, d.n.Content[i])
			l.digestNode(h, d.n.Content[i+1])
			entries++
		}
	}
	return entries
}

// digestNode hashes a node without its comments, its style and its place.
func (l *loader) digestNode(h hash.Hash, n *yaml.Node) {
	n = plain(n)
	fmt.Fprintf(h, "%d %q %q %d\n", n.Kind, n.ShortTag(), n.Value, len(n.Content))
	for _, m := range placeholders.FindAllStringSubmatch(n.Value, -1) {
		fmt.Fprintf(h, "list %q\n", l.lists[m[1]])
	}
	for _, k := range n.Content {
		l.digestNode(h, k)
	}
}
