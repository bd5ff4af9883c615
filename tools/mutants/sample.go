package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sample draws n mutants of the packages that match the patterns, tests all but the first skip, and
// returns how many survived. It writes a line for each mutant, then the survivors again.
func (t *tester) sample(
	ctx context.Context, patterns []string, seed uint64, skip, n int, w io.Writer,
) (int, error) {
	list, err := t.list(ctx, patterns)
	if err != nil {
		return 0, err
	}
	all, err := find(t.root, list)
	if err != nil {
		return 0, err
	}
	if err := t.baseline(ctx, list); err != nil {
		return 0, err
	}
	draws := newLottery(all, seed)
	counts := make(map[verdict]int)
	var survivors []string
	for done := 0; done < n; {
		m, ok := draws.next()
		if !ok {
			fmt.Fprintf(w, "only %d mutants compile\n", done)
			break
		}
		v, err := t.test(ctx, m, done < skip)
		if err != nil {
			return 0, err
		}
		if v == invalid {
			continue
		}
		draws.turn()
		if done++; done <= skip {
			continue
		}
		counts[v]++
		line := fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.kind, m.change)
		fmt.Fprintf(w, "%3d/%d %-16s %s\n", done, n, v, line)
		if v == survived {
			survivors = append(survivors, line)
		}
	}
	if len(survivors) > 0 {
		fmt.Fprintf(w, "\nsurvived:\n%s\n", strings.Join(survivors, "\n"))
	}
	fmt.Fprintf(w, "\nseed %d: %d killed by tests, %d by check, %d survived\n",
		seed, counts[byTests], counts[byCheck], counts[survived])
	return len(survivors), nil
}

// lottery draws mutants, of each kind in turn.
type lottery struct {
	queues [kinds][]mutant
	kind   kind
}

// newLottery shuffles the mutants of each kind by the seed.
func newLottery(all []mutant, seed uint64) *lottery {
	l := &lottery{}
	for _, m := range all {
		l.queues[m.kind] = append(l.queues[m.kind], m)
	}
	for k, queue := range l.queues {
		r := rand.New(rand.NewPCG(seed, uint64(k)))
		r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	}
	return l
}

// next removes and returns a mutant of the kind whose turn it is, or of the next kind that has one
// left. It reports whether there was any.
func (l *lottery) next() (mutant, bool) {
	for range kinds {
		if queue := l.queues[l.kind]; len(queue) > 0 {
			l.queues[l.kind] = queue[1:]
			return queue[0], true
		}
		l.turn()
	}
	return mutant{}, false
}

// turn passes the turn to the next kind.
func (l *lottery) turn() { l.kind = (l.kind + 1) % kinds }

// goPackage is what go list says of a package.
type goPackage struct {
	Dir, ImportPath string
	GoFiles         []string
}

// list returns the packages that match the patterns, without those that have tests only.
func (t *tester) list(ctx context.Context, patterns []string) ([]goPackage, error) {
	args := append([]string{"list", "-json=Dir,ImportPath,GoFiles", "--"}, patterns...)
	out, err := t.output(ctx, args)
	if err != nil {
		return nil, err
	}
	var list []goPackage
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if len(p.GoFiles) > 0 {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no package with Go files matches %s", strings.Join(patterns, ","))
	}
	slices.SortFunc(list, func(a, b goPackage) int {
		return strings.Compare(a.ImportPath, b.ImportPath)
	})
	return list, nil
}

// find returns the mutants of the packages. Their files are named from the root.
func find(root string, list []goPackage) ([]mutant, error) {
	var all []mutant
	for _, p := range list {
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			source, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return nil, err
			}
			found, err := mutate(filepath.ToSlash(name), source)
			if err != nil {
				return nil, err
			}
			for _, m := range found {
				m.pkg = p.ImportPath
				all = append(all, m)
			}
		}
	}
	return all, nil
}
