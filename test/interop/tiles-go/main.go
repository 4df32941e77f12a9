// Reads a log that `custody export --format tiles` wrote, with Go's own client of tiled logs: the checkpoint is opened with a
// verifier key, each entry is proven to be in its tree, and each smaller tree to be the beginning of it.
//
//	tiles FOLDER VERIFIER-KEY
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// folder serves tiles from files. Their paths are those of the client, without the height.
type folder string

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// entries gives the entries of all bundles, in order.
func (f folder) entries(size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: height, L: 0, N: n, W: int(min(size-n*256, 256))}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		for len(data) > 0 {
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
	}
	return all, nil
}

func check(path, key string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(path, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	// The client's own parser wants an origin of its own: the second and third line are the same.
	lines := strings.SplitN(opened.Text, "\n", 2)
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + lines[1]))
	if err != nil {
		return err
	}
	log := folder(path)
	reader := tlog.TileHashReader(tree, log)
	entries, err := log.entries(tree.N)
	if err != nil {
		return err
	}
	if int64(len(entries)) != tree.N {
		return fmt.Errorf("%d entries in bundles, and %d in the tree", len(entries), tree.N)
	}
	for i, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(i), reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", i, err)
		}
	}
	for size := int64(1); size < tree.N; size += 1 + size/3 {
		hash, err := tlog.TreeHash(size, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, size, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, size, hash); err != nil {
			return fmt.Errorf("tree of %d: %w", size, err)
		}
	}
	fmt.Printf("%s: %d entries hold\n", lines[0], tree.N)
	return nil
}

func main() {
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
