package participant

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"hinomi.dev/hinomi/internal/fault"
)

const (
	maxPhotoBytes = 8 << 20  // of a file; a telephone's photo has three to five MB
	maxPhotoWork  = 96 << 20 // bytes that decoding may take: what a server of 200 MB can spare
	photoSide     = 512      // pixels of the longer side that is kept
)

// developing lets one photo at a time be decoded: the memory it takes is the process's.
var developing = make(chan struct{}, 1)

// Develop returns a photo as it is stored and shown: a PNG of at most 512 pixels a side, turned the way
// the camera was held, and nothing else of what came in: no position, no camera, no thumbnail, no second
// file behind the first. It takes PNG and JPEG. How much memory a picture would take is read from its
// head, before anything of it is decoded.
func Develop(ctx context.Context, file []byte) ([]byte, error) {
	if len(file) > maxPhotoBytes {
		return nil, fault.New(fault.Invalid, "This photo is larger than %d MB. Make it smaller, please: %d pixels a side are enough.",
			"写真のサイズが%dMBを超えています。縮小してください。一辺%dピクセルあれば十分です。", maxPhotoBytes>>20, photoSide).At("photo")
	}
	decode, work, err := inspect(file)
	if err != nil {
		return nil, err
	}
	if work > maxPhotoWork {
		return nil, fault.New(fault.Invalid, "This photo has too many pixels to be worked on. Make it smaller, please: %d pixels a side are enough.",
			"写真の画素数が大きすぎるため処理できません。縮小してください。一辺%dピクセルあれば十分です。", photoSide).At("photo")
	}
	select {
	case developing <- struct{}{}:
		defer func() { <-developing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	img, err := decode(bytes.NewReader(file))
	if err != nil {
		return nil, errPhoto.Because(err)
	}
	small := turn(shrink(img, photoSide), orientation(file))
	var out bytes.Buffer
	if err := png.Encode(&out, small); err != nil {
		return nil, errPhoto.Because(err)
	}
	return out.Bytes(), nil
}

var errPhoto = fault.New(fault.Invalid, "This is not a whole PNG or JPEG picture. Choose another file.",
	"PNGまたはJPEGの画像として読み込めませんでした。別のファイルを選んでください。").At("photo")

// inspect returns how to decode a file and how many bytes that takes at most.
func inspect(file []byte) (decode func(*bytes.Reader) (image.Image, error), work int64, err error) {
	r := bytes.NewReader(file)
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		c, err := png.DecodeConfig(r)
		if err != nil {
			return nil, 0, errPhoto.Because(err)
		}
		pixel := int64(6) // four, and half of that again for the passes of an interlaced one
		if c.ColorModel == color.NRGBA64Model || c.ColorModel == color.RGBA64Model || c.ColorModel == color.Gray16Model {
			pixel = 12
		}
		return func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) }, cost(c, pixel), nil
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		c, err := jpeg.DecodeConfig(r)
		if err != nil {
			return nil, 0, errPhoto.Because(err)
		}
		samples, copied := int64(3), int64(0)
		switch c.ColorModel {
		case color.CMYKModel:
			samples, copied = 4, 4
		case color.RGBAModel:
			copied = 4
		case color.GrayModel:
			samples = 1
		}
		if progressive(file) {
			samples *= 5 // and four bytes for the coefficient of each
		}
		pixel := samples + copied
		return func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) }, cost(c, pixel), nil
	}
	return nil, 0, errPhoto
}

// cost is the size of a decoded picture, without overflow.
func cost(c image.Config, pixel int64) int64 {
	if c.Width <= 0 || c.Height <= 0 || c.Width > 1<<16 || c.Height > 1<<16 {
		return 1 << 62
	}
	return int64(c.Width) * int64(c.Height) * pixel
}

// shrink returns the picture with its longer side at most side, each pixel the mean of those it stands
// for. It reads the source a row at a time: a whole copy of it in another format would double the memory.
func shrink(src image.Image, side int) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	dw, dh := w, h
	if longer := max(w, h); longer > side {
		dw, dh = max(1, w*side/longer), max(1, h*side/longer)
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := image.NewRGBA(image.Rect(0, 0, w, 1))
	sum := make([]uint64, dw*5) // r, g, b, a and how many
	for dy := range dh {
		clear(sum)
		for y := dy * h / dh; y < (dy+1)*h/dh; y++ {
			draw.Draw(row, row.Bounds(), src, image.Pt(b.Min.X, b.Min.Y+y), draw.Src)
			for x := range w {
				s := sum[x*dw/w*5:]
				p := row.Pix[x*4 : x*4+4]
				s[0], s[1], s[2], s[3], s[4] = s[0]+uint64(p[0]), s[1]+uint64(p[1]), s[2]+uint64(p[2]), s[3]+uint64(p[3]), s[4]+1
			}
		}
		out := dst.Pix[dy*dst.Stride:]
		for x := range dw {
			s := sum[x*5 : x*5+5]
			for i := range 4 {
				out[x*4+i] = uint8((s[i] + s[4]/2) / max(s[4], 1))
			}
		}
	}
	return dst
}

// turn returns the picture as EXIF's orientation says it is to be seen.
func turn(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if orientation >= 5 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range dh {
		for x := range dw {
			var sx, sy int
			switch orientation {
			case 2: // mirrored
				sx, sy = w-1-x, y
			case 3: // upside down
				sx, sy = w-1-x, h-1-y
			case 4: // upside down and mirrored
				sx, sy = x, h-1-y
			case 5: // mirrored along the diagonal
				sx, sy = y, x
			case 6: // to be turned clockwise
				sx, sy = y, h-1-x
			case 7: // mirrored along the other diagonal
				sx, sy = w-1-y, h-1-x
			case 8: // to be turned the other way
				sx, sy = w-1-y, x
			}
			dst.SetRGBA(x, y, src.RGBAAt(sx, sy))
		}
	}
	return dst
}
