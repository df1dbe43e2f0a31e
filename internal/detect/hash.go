package detect

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"

	"hinomi.dev/hinomi/internal/event"
)

// Odd constants with as many ones as zeros.
const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
	k2 = 0x8ebc6af09c88c6e3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hash continues a hash with some bytes.
func hash(h uint64, b []byte) uint64 {
	n := len(b)
	h ^= uint64(n) * k2
	for len(b) > 16 {
		h = mix(binary.LittleEndian.Uint64(b)^k0^h, binary.LittleEndian.Uint64(b[8:])^k1)
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	case len(b) > 0:
		x = uint64(b[0]) | uint64(b[len(b)/2])<<8 | uint64(b[len(b)-1])<<16
	}
	return mix(x^k1^h, y^k0^bits.RotateLeft64(h, 32))
}

// hashValue continues a hash with a value.
func hashValue(h uint64, v event.Value) uint64 {
	if v.Kind == event.Number {
		return hash(h^k1, normal(v.Raw))
	}
	return hash(h+uint64(v.Kind), v.Raw)
}

// normal returns a number so that equal ones are written alike: an integer as it is.
func normal(raw []byte) []byte {
	for i, c := range raw {
		if c-'0' > 9 && (c != '-' || i > 0) || c == '0' && i == 1 && raw[0] == '-' {
			f, err := strconv.ParseFloat(string(raw), 64)
			switch {
			case err != nil:
				return raw
			case f == math.Trunc(f) && math.Abs(f) < 1<<53:
				return strconv.AppendInt(nil, int64(f), 10)
			}
			return strconv.AppendFloat(nil, f, 'g', -1, 64)
		}
	}
	return raw
}

// thousandths returns a number as sums take it: to three places, and up to a trillion.
func thousandths(v event.Value) (int64, bool) {
	if v.Kind != event.Number {
		return 0, false
	}
	if n := len(v.Raw); n <= 12 { // most are small and whole
		sum := int64(0)
		for _, c := range v.Raw {
			if c -= '0'; c > 9 {
				n = 0
				break
			}
			sum = sum*10 + int64(c)
		}
		if n > 0 {
			return sum * 1000, true
		}
	}
	f, err := strconv.ParseFloat(string(v.Raw), 64)
	if err != nil {
		return 0, false
	}
	return int64(max(-1e15, min(math.Round(f*1000), 1e15))), true
}
