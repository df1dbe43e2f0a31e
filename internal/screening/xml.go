package screening

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"hinomi.dev/hinomi/internal/fault"
)

// maxDepth is how deep elements may lie in each other. Real lists have seven.
const maxDepth = 32

// An xmlFormat is a list in XML: its root, and what is done with the records in it. Everything
// between the root and the records is walked through.
type xmlFormat struct {
	format  Format
	root    string
	begin   func(*List, xml.StartElement)
	records map[string]record
}

// A record makes an entry of an element, or takes something else from it into the list.
type record func(*List, *node) (Entry, bool)

var xmlFormats = []xmlFormat{
	{OFACXML, "sdnList", nil, map[string]record{"publshInformation": ofacPublished, "sdnEntry": ofacEntry}},
	{UNXML, "CONSOLIDATED_LIST", stamped("dateGenerated"), map[string]record{"INDIVIDUAL": unEntry, "ENTITY": unEntry}},
	{UKXML, "Designations", nil, map[string]record{"DateGenerated": ukPublished, "Designation": ukEntry}},
	{EUXML, "export", stamped("generationDate"), map[string]record{"sanctionEntity": euEntry}},
}

// A node is an element of a record with what is in it.
type node struct {
	name string
	attr []xml.Attr
	text string
	kids []*node
	line int
}

// all returns the elements at a path below n.
func (n *node) all(path ...string) []*node {
	found := []*node{n}
	for _, name := range path {
		var next []*node
		for _, f := range found {
			for _, k := range f.kids {
				if k.name == name {
					next = append(next, k)
				}
			}
		}
		found = next
	}
	return found
}

// get returns the text of the first element at a path below n, or nothing.
func (n *node) get(path ...string) string {
	for _, k := range n.all(path...) {
		return strings.TrimSpace(k.text)
	}
	return ""
}

// texts returns the texts of all elements at a path below n.
func (n *node) texts(path ...string) []string {
	var all []string
	for _, k := range n.all(path...) {
		all = append(all, strings.TrimSpace(k.text))
	}
	return all
}

// at returns an attribute of n, or nothing.
func (n *node) at(name string) string { return attribute(n.attr, name) }

func attribute(all []xml.Attr, name string) string {
	for _, a := range all {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// A walker reads the tokens of a file.
type walker struct {
	in *source
	d  *xml.Decoder
}

// token returns the next token. A document type is refused, and with it every entity that it could
// declare: no list has one, and an entity bomb needs one.
func (w walker) token() (xml.Token, error) {
	line, _ := w.d.InputPos()
	w.in.next(line)
	t, err := w.d.Token()
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		w.in.line = syntax.Line
		if strings.Contains(syntax.Msg, "unexpected EOF") {
			err = fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, err)
		}
	}
	if _, ok := t.(xml.Directive); ok {
		return nil, fault.New(fault.Invalid, "%s, line %d: it declares a document type, which no list does and which may hide an attack. It was not loaded.",
			"%s の%d行目：文書型宣言があります。リストにはないはずのもので、攻撃かもしれません。読み込んでいません。", w.in.name, line)
	}
	return t, err
}

// xml reads a list in XML.
func (s *source) xml(l *List) error {
	w := walker{s, xml.NewDecoder(s)}
	w.d.CharsetReader = charset
	f, err := w.root(l)
	if err != nil {
		return err
	}
	for depth := 1; depth > 0; {
		t, err := w.token()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			read := f.records[t.Name.Local]
			if read == nil {
				if depth++; depth > maxDepth {
					return w.deep()
				}
				continue
			}
			n, err := w.node(t, depth, w.d.InputOffset())
			if err != nil {
				return err
			}
			if e, is := read(l, n); is {
				if err := l.add(e, s.name, n.line); err != nil {
					return err
				}
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// root reads up to the first element and says which list it begins.
func (w walker) root(l *List) (xmlFormat, error) {
	for {
		t, err := w.token()
		if errors.Is(err, io.EOF) {
			return xmlFormat{}, io.ErrUnexpectedEOF
		} else if err != nil {
			return xmlFormat{}, err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		for _, f := range xmlFormats {
			if f.root == start.Name.Local && (f.format != EUXML || strings.Contains(start.Name.Space, "fsd")) {
				l.Format = f.format
				if f.begin != nil {
					f.begin(l, start)
				}
				return f, nil
			}
		}
		if name := strings.ToLower(start.Name.Local); name == "html" {
			return xmlFormat{}, fault.New(fault.Invalid, "%s is a web page, not a list. Did the download need a sign-in?",
				"%s はウェブページで、リストではありません。ダウンロードにサインインが必要ではありませんでしたか？", w.in.name)
		}
		return xmlFormat{}, fault.New(fault.Invalid,
			"%s begins with <%s>, which is no list that can be read: OFAC sdn.xml (not the advanced one), UN, UK or EU.",
			"%s は <%s> で始まっており、読めるリスト（OFACのsdn.xml（advancedでないもの）、国連、英国、EU）ではありません。", w.in.name, start.Name.Local)
	}
}

// node reads the element that start begins, with all that is in it. Its record begins at the byte from.
func (w walker) node(start xml.StartElement, depth int, from int64) (*node, error) {
	line, _ := w.d.InputPos()
	n := &node{name: start.Name.Local, attr: start.Attr, line: line}
	if depth > maxDepth {
		return nil, w.deep()
	}
	var text []byte
	for {
		t, err := w.token()
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		case w.d.InputOffset()-from > maxRecord:
			w.in.line = line
			return nil, errTooLong
		}
		switch t := t.(type) {
		case xml.StartElement:
			k, err := w.node(t, depth+1, from)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, k)
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			n.text = string(text)
			return n, nil
		}
	}
}

func (w walker) deep() error {
	line, _ := w.d.InputPos()
	return fault.New(fault.Invalid, "%s, line %d: elements lie more than %d deep in each other. It was not loaded.",
		"%s の%d行目：要素の入れ子が%d段を超えています。読み込んでいません。", w.in.name, line, maxDepth)
}

// charset reads the encodings in which lists have been published.
func charset(label string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "utf8":
		return r, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(r), nil
	}
	return nil, fmt.Errorf("encoding %q is not known", label)
}
