// Packs the module as the Go module proxy serves it: a zip whose entries lie below `module@version/`.
//
//	pack MODULE VERSION ROOT ZIP
//
// The same files give the same bytes.
package main

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The largest artefact, in bytes: nobody needs more to send a message.
const zipMax = 1 << 20

// What a module consists of. Anything else was left lying about, and might be a key.
var kinds = []string{".go", ".mod", ".sum", ".json", ".md", ".sh", "LICENSE"}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: pack MODULE VERSION ROOT ZIP")
		os.Exit(2)
	}
	if err := pack(os.Args[1]+"@"+os.Args[2]+"/", os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func pack(prefix, root, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	packed := zip.NewWriter(file)
	packed.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(to, flate.BestCompression)
	})
	err = errors.Join(addAll(packed, prefix, root), packed.Close(), file.Close())
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > zipMax {
		err = fmt.Errorf("%s has %d bytes, more than %d", path, info.Size(), zipMax)
	}
	return err
}

func addAll(packed *zip.Writer, prefix, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != root && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		if !entry.Type().IsRegular() || !slices.ContainsFunc(kinds, func(kind string) bool {
			return strings.HasSuffix(entry.Name(), kind)
		}) {
			return fmt.Errorf("%s does not belong into the module", path)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		// No time and no mode: the proxy keeps neither.
		to, err := packed.CreateHeader(&zip.FileHeader{Name: prefix + filepath.ToSlash(name), Method: zip.Deflate})
		if err != nil {
			return err
		}
		from, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, from.Close())
	})
}
