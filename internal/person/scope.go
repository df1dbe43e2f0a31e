package person

import (
	"slices"
	"strings"

	"hinomi.dev/hinomi/internal/access"
	"hinomi.dev/hinomi/internal/fault"
)

// A token's scopes are kept as words. Sending events is limited to sources, and has a word for each:
// event.send:chat/gateway. A binary from before that took the word for an action that nobody may do.
const sendFrom = string(access.EventSend) + ":"

// What a token may name. A program that sends for more is several programs.
const (
	maxSources = 20
	maxSource  = 200
)

// checkSources returns the sources of a new token, sorted.
func checkSources(sources []string, sends bool) ([]string, error) {
	switch {
	case !sends && len(sources) > 0:
		return nil, fault.New(fault.Invalid, "Sources are for a token that may send events.", "送信元は、イベントの送信を許可したトークンにのみ指定できます。").At("sources")
	case sends && len(sources) == 0:
		return nil, fault.New(fault.Invalid, "A token that may send events needs the sources it sends them for, such as chat/gateway.",
			"イベントの送信を許可するトークンには、送信元（例：chat/gateway）の指定が必要です。").At("sources")
	case len(sources) > maxSources:
		return nil, fault.New(fault.Invalid, "A token has at most %d sources.", "一つのトークンの送信元は%d個までです。", maxSources).At("sources")
	}
	for _, s := range sources {
		if s == "" || len(s) > maxSource || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fault.New(fault.Invalid, "A source is up to %d letters, digits and signs of ASCII, without spaces.",
				"送信元は、空白を含まない%d文字以内の半角英数字と記号で指定してください。", maxSource).At("sources")
		}
	}
	sources = slices.Clone(sources)
	slices.Sort(sources)
	return slices.Compact(sources), nil
}

// joinScopes writes what a token may do as words.
func joinScopes(t Token) string {
	var words []string
	for _, a := range t.Scopes {
		if a != access.EventSend {
			words = append(words, string(a))
			continue
		}
		for _, s := range t.Sources {
			words = append(words, sendFrom+s)
		}
	}
	return strings.Join(words, " ")
}

// splitScopes reads what a token may do. The scopes are never nil: for a Caller that would mean "no limit".
func splitScopes(text string) (scopes []access.Action, sources []string) {
	scopes = []access.Action{}
	for word := range strings.FieldsSeq(text) {
		if s, ok := strings.CutPrefix(word, sendFrom); ok {
			sources = append(sources, s)
			word = string(access.EventSend)
		}
		if a := access.Action(word); !slices.Contains(scopes, a) {
			scopes = append(scopes, a)
		}
	}
	return scopes, sources
}
