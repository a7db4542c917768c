package pages

import "math"

// luminance is the relative luminance of a colour, from 0 to 1 (WCAG 2.2).
func luminance(r, g, b uint64) float64 {
	channel := func(c uint64) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(r) + 0.7152*channel(g) + 0.0722*channel(b)
}
