package main

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// output is a file that is there whole or not at all: it is written under another name,
// and takes its own when it is complete. What is no file, such as a pipe, is written as
// it comes.
type output struct {
	io.Writer
	gzip *gzip.Writer
	// file is nil for the standard output; temporary is its name until it is complete,
	// empty where there is no such.
	file            *os.File
	path, temporary string
}

func newOutput(path string, stdout io.Writer) (*output, error) {
	if path == "-" {
		return &output{Writer: stdout}, nil
	}
	o := &output{path: path}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		o.path = target // a link stays one
	}
	var err error
	if info, statErr := os.Stat(o.path); statErr == nil && !info.Mode().IsRegular() {
		o.file, err = os.OpenFile(o.path, os.O_WRONLY, 0)
	} else if o.file, err = os.CreateTemp(filepath.Dir(o.path), "."+filepath.Base(o.path)+"-*"); err == nil {
		o.temporary = o.file.Name()
	}
	if err != nil {
		return nil, err
	}
	o.Writer = o.file
	if strings.HasSuffix(strings.ToLower(path), ".gz") {
		o.gzip = gzip.NewWriter(o.file)
		o.Writer = o.gzip
	}
	return o, nil
}

// commit completes the file.
func (o *output) commit() error {
	var err error
	if o.gzip != nil {
		err = o.gzip.Close()
	}
	switch {
	case o.temporary != "":
		err = errors.Join(err, o.file.Sync(), o.file.Close())
		if err == nil {
			err = os.Rename(o.temporary, o.path)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(o.temporary))
		}
	case o.file != nil:
		err = errors.Join(err, o.file.Close())
	}
	return err
}

// discard takes away what was written so far.
func (o *output) discard() error {
	if o.file == nil {
		return nil
	}
	err := o.file.Close()
	if o.temporary != "" {
		err = errors.Join(err, os.Remove(o.temporary))
	}
	return err
}
