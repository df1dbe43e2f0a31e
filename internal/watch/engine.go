package watch

import (
	"runtime"

	"hinomi.dev/hinomi/internal/detect"
)

// options are how engines run on the stream: late events take part, and nobody waits for longer than the
// lateness.
func (w *Watch) options() detect.Options {
	return detect.Options{Lateness: w.lateness(), Partitions: runtime.GOMAXPROCS(0), Seed: w.Seed, Hasty: true}
}
