package tabular

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// maxRecord is the length of a record in bytes. Longer ones are not meant: a quote was
// not closed, or the file has no lines.
const maxRecord = 4 << 20

const byteOrderMark = "\xEF\xBB\xBF"

// gunzip returns what the file holds. Its first bytes tell; a name alone does not make
// a gzip file.
func gunzip(r io.Reader, name string) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if strings.HasSuffix(strings.ToLower(name), ".gz") {
			return nil, errors.New("the name ends in .gz, but the content is not gzip")
		}
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return bufio.NewReaderSize(z, 64<<10), nil
}

// lines reads the lines of a text and counts them.
type lines struct {
	in *bufio.Reader
	// encoding is the name of what the text was decoded from, empty for UTF-8.
	encoding string
	// number is that of the line read last, from 1.
	number int64
	buf    []byte
}

func newLines(in *bufio.Reader, encoding string) (*lines, error) {
	l := &lines{in: in}
	if encoding != "" {
		e, err := htmlindex.Get(encoding)
		if err != nil {
			return nil, fmt.Errorf("the encoding %q is not known", encoding)
		}
		name, err := htmlindex.Name(e)
		if err != nil {
			return nil, fmt.Errorf("the encoding %q is not known", encoding)
		}
		if name != "utf-8" {
			l.encoding = name
			l.in = bufio.NewReaderSize(transform.NewReader(l.in, e.NewDecoder()), 64<<10)
		}
	}
	start, err := l.in.Peek(len(byteOrderMark))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case string(start) == byteOrderMark:
		_, err = l.in.Discard(len(byteOrderMark))
		return l, err
	case bytes.HasPrefix(start, []byte{0xFF, 0xFE}):
		return nil, errors.New("line 1, column 1: the file is UTF-16, not UTF-8; say so with the encoding utf-16le")
	case bytes.HasPrefix(start, []byte{0xFE, 0xFF}):
		return nil, errors.New("line 1, column 1: the file is UTF-16, not UTF-8; say so with the encoding utf-16be")
	}
	return l, nil
}

// next returns the next line with its end, or io.EOF. It is valid until the next call.
func (l *lines) next() ([]byte, error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		l.buf = append(l.buf, part...)
		if len(l.buf) > maxRecord {
			return nil, fmt.Errorf("line %d is longer than %d bytes", l.number+1, maxRecord)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(l.buf) > 0:
		case err == io.EOF: // nothing is left
			return nil, io.EOF
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", l.number+1, err)
		}
		l.number++
		return l.buf, l.check()
	}
}

// check refuses a line that is not text.
func (l *lines) check() error {
	if l.encoding != "" {
		// What is no character of an encoding is decoded to this one.
		if at := bytes.IndexRune(l.buf, utf8.RuneError); at >= 0 && !strings.HasPrefix(l.encoding, "utf-") {
			return fmt.Errorf("line %d, column %d: this is not %s", l.number, utf8.RuneCount(l.buf[:at])+1, l.encoding)
		}
		return nil
	}
	if utf8.Valid(l.buf) {
		return nil
	}
	at, column := 0, 1
	for {
		r, size := utf8.DecodeRune(l.buf[at:])
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("line %d, column %d: the byte 0x%02X is not UTF-8; say what the file is with an encoding such as windows-1252",
				l.number, column, l.buf[at])
		}
		at, column = at+size, column+1
	}
}
