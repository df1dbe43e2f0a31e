package watch

import (
	"runtime"
	"time"

	"hinomi.dev/hinomi/internal/detect"
)

// options are how engines run on the stream: late events take part, and nobody waits for longer than the
// lateness.
func (w *Watch) options() detect.Options { return optionsFor(w.lateness(), w.Seed) }

func optionsFor(lateness time.Duration, seed uint64) detect.Options {
	return detect.Options{Lateness: lateness, Partitions: runtime.GOMAXPROCS(0), Seed: seed, Hasty: true}
}
