// Package chart draws reports as SVG. A chart stands by itself: its colors follow what its
// reader prefers, light or dark, it loads nothing, and a title and a description tell those who
// do not see it what it shows.
package chart

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

//go:embed *.svg.tmpl
var files embed.FS

// The template package escapes what is written into it by where it stands.
var templates = template.Must(template.New("").ParseFS(files, "*.svg.tmpl"))

func draw(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("draw %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// frame is what all charts have: their size, the area of the plot and what is written around it.
type frame struct {
	Width, Height            float64
	Left, Top, Right, Bottom float64 // of the plot
	Title, Subtitle, Note    string
	Description              string
	XName, YName             string
	XTicks, YTicks           []tick
	// Empty says why there is nothing to see; empty where there is something.
	Empty string
}

// tick is a place on an axis with its label.
type tick struct {
	At   px
	Text string
}

// px is a place in the picture, written to a tenth.
type px float64

// String implements fmt.Stringer.
func (p px) String() string { return strconv.FormatFloat(float64(p), 'f', 1, 64) }

// MidX and MidY are the middle of the plot.
func (f frame) MidX() px { return px((f.Left + f.Right) / 2) }

// MidY is that from top to bottom.
func (f frame) MidY() px { return px((f.Top + f.Bottom) / 2) }

// TickEnd is where the ticks below the plot end.
func (f frame) TickEnd() px { return px(f.Bottom + 5) }

// NoteY is where the note below the plot stands.
func (f frame) NoteY() px { return px(f.Height - 14) }

// shown is a text of a caller as it can stand in XML, and not longer than there is room for.
func shown(text string, longest int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			return '\uFFFD'
		default:
			return r
		}
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return text
}

// width estimates how wide a text of this size is. What is wide in East Asian type is as wide
// as high.
func width(text string, size float64) float64 {
	w := 0.0
	for _, r := range text {
		if r >= 0x1100 {
			w += size
		} else {
			w += 0.56 * size
		}
	}
	return w
}

// thousands writes a count as people read it, such as 2,746.
func thousands(n int32) string {
	s := strconv.Itoa(int(n))
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
