package web

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"time"

	"hinomi.dev/hinomi/internal/calendar"
	"hinomi.dev/hinomi/internal/fault"
	"hinomi.dev/hinomi/internal/participant"
)

// A famePage lists who helped in a year and wished to be named. It is no ranking and counts
// nothing.
type famePage struct {
	Frame
	Years    []int // in which somebody is listed, the newest first
	Year     int   // zero when nobody is listed in any
	People   []participant.Entry
	Specials []participant.Entry
	Clause   string // where the terms speak of it
}

func (s *Server) getFame(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	years, err := s.Participants.Years(ctx)
	if err != nil {
		return err
	}
	t, _ := s.inForce()
	p := famePage{Years: years, Clause: "/terms/" + t.ID + "#c-12.1"}
	if len(years) > 0 {
		p.Year = years[0]
	}
	if asked := r.PathValue("year"); asked != "" {
		if p.Year, err = yearOf(asked); err != nil {
			return err
		}
		if !slices.Contains(years, p.Year) && p.Year != calendar.In(s.Now(), japan).Year {
			return errNoYear
		}
	}
	if p.People, err = s.Participants.HallOfFame(ctx, p.Year); err != nil {
		return err
	}
	if p.Specials, err = s.Participants.Specials(ctx, p.Year); err != nil {
		return err
	}
	p.Frame = s.frame(r, "Hall of fame", "殿堂")
	return s.show(w, r, "fame.html", p)
}

var errNoYear = fault.New(fault.NotFound, "Nobody is listed in that year.", "その年に掲載されている方はいません。")

var errNoPhoto = fault.New(fault.NotFound, "There is no such photo.", "そのような写真はありません。")

// maxShown bounds a photo that is sent; what is stored has at most 512 pixels a side.
const maxShown = 2 << 20

// getFamePhoto sends a photo that is part of a posted credit, and no other file.
func (s *Server) getFamePhoto(w http.ResponseWriter, r *http.Request) error {
	hash := r.PathValue("hash")
	posted, err := s.Participants.PhotoPosted(r.Context(), hash)
	if err != nil {
		return err
	}
	if !posted {
		return errNoPhoto
	}
	f, err := s.Files.Open(hash)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxShown+1))
	if err != nil {
		return err
	}
	if len(data) > maxShown || !bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return errNoPhoto // whatever it is, it is not what we made of a photo
	}
	h := w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "no-cache") // a consent taken back is gone with the next page
	h.Set("ETag", `"`+hash+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	return nil
}
