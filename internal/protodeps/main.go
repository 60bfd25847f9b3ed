// Command protodeps writes the .proto files that ours import into a folder.
//
// Every outside .proto file we import is already compiled into a Go package of
// go.mod. Printing those linked descriptors gives buf and api-linter the very
// versions that the generated code runs with, without a registry or a network. To
// import one more outside .proto file, import here the Go package that carries it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/jhump/protoreflect/v2/protoprint"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/api/visibility"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/genproto/googleapis/type/date"
	_ "google.golang.org/genproto/googleapis/type/dayofweek"
	_ "google.golang.org/genproto/googleapis/type/interval"
	_ "google.golang.org/genproto/googleapis/type/money"
	_ "google.golang.org/genproto/googleapis/type/postaladdress"
	_ "google.golang.org/genproto/googleapis/type/timeofday"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: protodeps DIR")
		os.Exit(2)
	}
	if err := printAll(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "protodeps:", err)
		os.Exit(1)
	}
}

// printAll writes every linked .proto file but google/protobuf/*, which buf
// carries itself. It starts from an empty folder, so that a dropped import
// cannot live on.
func printAll(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	var (
		printer protoprint.Printer
		errs    []error
	)
	protoregistry.GlobalFiles.RangeFiles(func(fd protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(fd.Path(), "google/protobuf/") {
			return true
		}
		errs = append(errs, printFile(&printer, filepath.Join(dir, fd.Path()), fd))
		return true
	})
	return errors.Join(errs...)
}

func printFile(printer *protoprint.Printer, path string, fd protoreflect.FileDescriptor) error {
	text, err := printer.PrintProtoToString(fd)
	if err != nil {
		return fmt.Errorf("%s: %w", fd.Path(), err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}
