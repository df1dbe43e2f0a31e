package participant

import "encoding/binary"

// segments calls fn with each marker segment of a JPEG file before its picture data, until fn is done or
// the file makes no sense.
func segments(file []byte, fn func(marker byte, body []byte) (done bool)) {
	if len(file) < 2 {
		return
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		marker := rest[1]
		switch {
		case marker == 0xff: // filling
			rest = rest[1:]
			continue
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd8: // these have no body
			rest = rest[2:]
			continue
		case marker == 0xd9 || marker == 0xda: // end, or picture data
			return
		}
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n < 2 || 2+n > len(rest) || fn(marker, rest[4:2+n]) {
			return
		}
		rest = rest[2+n:]
	}
}

// progressive reports whether a JPEG file keeps its picture in passes, or may: a decoder skips garbage
// between segments that we do not, so what is not seen to be sequential counts as the dearer kind.
func progressive(file []byte) bool {
	sequential := false
	segments(file, func(marker byte, _ []byte) bool {
		sequential = marker == 0xc0 || marker == 0xc1
		return sequential || marker == 0xc2
	})
	return !sequential
}

// orientation returns how a JPEG file says it is to be seen, 1 to 8, or 0 when it does not say.
func orientation(file []byte) int {
	if len(file) < 2 || file[0] != 0xff || file[1] != 0xd8 {
		return 0
	}
	found := 0
	segments(file, func(marker byte, body []byte) bool {
		const head = "Exif\x00\x00"
		if marker != 0xe1 || len(body) < len(head) || string(body[:len(head)]) != head {
			return false
		}
		found = exifOrientation(body[len(head):])
		return true
	})
	return found
}

// exifOrientation reads tag 0x0112 of the first directory of a TIFF file.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == 3 { // a SHORT
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
