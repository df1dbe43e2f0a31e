package receipt

import (
	"context"
	"time"
)

// Next returns when the public log has its next entry, and the slot after which another follows. It is
// a function of the clock alone, so everybody may know it; the zero time means that the log has not begun.
func (l *Log) Next(ctx context.Context) (time.Time, time.Duration, error) {
	h, found, err := readHead(ctx, l.DB.Read())
	if err != nil || !found || h.publicNote == "" {
		return time.Time{}, l.slot(), err
	}
	slots := h.target(l.Now()) - h.baseSize + 1
	return h.baseAt.Add(time.Duration(slots) * h.slot), h.slot, nil
}
