package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"hinomi.dev/hinomi/internal/fault"
)

// The ways in which bytes are no JSON for us.
const (
	notUTF8 = "the text is not UTF-8"
	notJSON = "this is not one JSON value"
	hasNUL  = "a text has NUL in it, which cannot be kept"
)

// strict is JSON as it is taken: in UTF-8, without the NUL that no database stores, and one value.
var strict = huma.Format{
	Marshal: func(w io.Writer, v any) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		return e.Encode(v)
	},
	Unmarshal: unmarshal,
}

func unmarshal(b []byte, into any) error {
	if !utf8.Valid(b) {
		return errors.New(notUTF8)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(into); err != nil {
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			return fmt.Errorf("%s: at byte %d: %w", notJSON, e.Offset, err)
		}
		return fmt.Errorf("%s: %w", notJSON, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: something follows at byte %d", notJSON, d.InputOffset())
	}
	if loose, ok := into.(*any); ok && nul(*loose) { // every body is read once this way, to be checked
		return errors.New(hasNUL)
	}
	return nil
}

// nul reports whether a NUL stands anywhere in a value.
func nul(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		return slices.ContainsFunc(v, nul)
	case map[string]any:
		for name, value := range v {
			if nul(name) || nul(value) {
				return true
			}
		}
	}
	return false
}

// plain refuses an address that is not text: no operation means it, and no database keeps it.
func plain(u *url.URL) error {
	query, err := url.QueryUnescape(u.RawQuery)
	if err != nil || !utf8.ValidString(query) || nul(query) {
		return errAddress.At("query")
	}
	if !utf8.ValidString(u.Path) || nul(u.Path) {
		return errAddress.At("path")
	}
	return nil
}

var errAddress = fault.New(fault.Invalid, "This address is not text in UTF-8.", "アドレスの文字コードが UTF-8 ではありません。")

// decode reads one JSON value of a body that huma did not read, with the checks huma would have made.
func decode[T any](v *visit, r io.Reader, at string, most int64) (T, error) {
	var into T
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return into, cut(err)
	}
	if int64(len(b)) > most {
		return into, &http.MaxBytesError{Limit: most}
	}
	var loose any
	if err := unmarshal(b, &loose); err != nil {
		return into, v.malformed(http.StatusBadRequest, "", []error{&huma.ErrorDetail{Location: at, Message: err.Error()}})
	}
	path, res := huma.NewPathBuffer([]byte{}, 0), &huma.ValidateResult{}
	path.Push(at)
	huma.Validate(v.schemas, v.schemas.Schema(reflect.TypeFor[T](), true, ""), path, huma.ModeWriteToServer, loose, res)
	if len(res.Errors) > 0 {
		return into, v.malformed(http.StatusUnprocessableEntity, "", res.Errors)
	}
	if err := unmarshal(b, &into); err != nil {
		return into, v.malformed(http.StatusBadRequest, "", []error{&huma.ErrorDetail{Location: at, Message: err.Error()}})
	}
	return into, nil
}

// cut says that a body ended early. Too much of it is another matter.
func cut(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return err
	}
	return errCut.Because(err)
}
