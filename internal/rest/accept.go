package rest

import (
	"mime"
	"strconv"
	"strings"
)

const (
	jsonType    = "application/json"
	ndjsonType  = "application/x-ndjson"
	problemType = "application/problem+json"
	svgType     = "image/svg+xml"
)

// acceptable tells whether a client that sent these Accept headers takes the media type
// of an answer. Whoever asks for problems only takes JSON too: it is how some clients
// ask for both. Who asks for JSON does not take lines of it: its parser would fail.
func acceptable(headers []string, media string) bool {
	if len(headers) == 0 || len(headers) == 1 && (headers[0] == "*/*" || headers[0] == media) {
		return true
	}
	return quality(headers, media) > 0 || media == jsonType && quality(headers, problemType) > 0
}

// problemTypeFor returns the media type of an error: problem+json, unless the client
// names application/json and does not name problem+json.
func problemTypeFor(headers []string) string {
	if named(headers, jsonType) && !named(headers, problemType) {
		return jsonType
	}
	return problemType
}

// quality returns the q-value that the headers give a media type. The most specific
// range that covers it decides (RFC 9110, 12.5.1); a range that does not parse covers
// nothing.
func quality(headers []string, media string) float64 {
	best, q := -1, 0.0
	kind, _, _ := strings.Cut(media, "/")
	for r := range ranges(headers) {
		specific := -1
		switch r.media {
		case media:
			specific = 2
		case kind + "/*":
			specific = 1
		case "*/*":
			specific = 0
		}
		if specific > best {
			best, q = specific, r.q
		}
	}
	return q
}

func named(headers []string, media string) bool {
	for r := range ranges(headers) {
		if r.media == media && r.q > 0 {
			return true
		}
	}
	return false
}

type mediaRange struct {
	media string
	q     float64
}

// ranges yields the media ranges of all Accept headers.
func ranges(headers []string) func(func(mediaRange) bool) {
	return func(yield func(mediaRange) bool) {
		for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
			media, params, err := mime.ParseMediaType(part)
			if err != nil {
				continue
			}
			r := mediaRange{media: media, q: 1}
			if text, ok := params["q"]; ok {
				if r.q, err = strconv.ParseFloat(text, 64); err != nil {
					continue
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}
