package story

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/internal/osfs"
)

// selectScenarios reads the files and selects what the options ask for.
func selectScenarios(opt *Options) ([]*document, error) {
	if opt.Shard < 0 || opt.Shard > opt.Shards || opt.Shards > 0 && opt.Shard == 0 {
		return nil, fmt.Errorf("there is no shard %d of %d: shards count from 1", opt.Shard, opt.Shards)
	}
	wanted, err := parseTags(opt.Tags)
	if err != nil {
		return nil, err
	}
	paths := opt.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	fsys := opt.FS
	if fsys == nil {
		fsys = osfs.FS{}
	}
	sources, err := findSources(fsys, paths)
	errs := []error{err}
	var documents []*document
	for _, s := range sources {
		d, err := readDocument(fsys, s)
		if err == nil {
			err = d.choose(s.lines)
		}
		documents = append(documents, d)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	named := nameFilter(opt.Name)
	wip := slices.Contains(tagTokens(opt.Tags), tagWip)
	n := 0
	for _, d := range documents {
		for _, c := range d.cases {
			if c.selected = c.selected && wanted(c.tags()) && named(c.pickle.Name); !c.selected {
				continue
			}
			c.selected = opt.Shards == 0 || n%opt.Shards == opt.Shard-1
			n++
			switch tags := c.tags(); {
			case slices.Contains(tags, tagWip) && !wip && !c.asked:
				c.skipped = "it is tagged @wip; naming its line runs it"
			case slices.Contains(tags, tagSlow) && opt.Fast:
				c.skipped = "it is tagged @slow, and only what is fast was asked for"
			}
		}
	}
	if n == 0 {
		return nil, nothingSelected(opt, documents, paths)
	}
	return documents, nil
}

// nameFilter tells whether a name is asked for: by a part of it or by a regular expression,
// whatever the case of letters.
func nameFilter(pattern string) func(string) bool {
	part := strings.ToLower(pattern)
	expr, err := regexp.Compile("(?i)" + pattern)
	return func(name string) bool {
		return strings.Contains(strings.ToLower(name), part) || err == nil && expr.MatchString(name)
	}
}

// nothingSelected says what selects nothing, and which tag was probably meant.
func nothingSelected(opt *Options, documents []*document, paths []string) error {
	var by []string
	hint := ""
	if opt.Tags != "" {
		by = append(by, fmt.Sprintf("the tags %q", opt.Tags))
		hint = tagHint(opt.Tags, documents)
	}
	if opt.Name != "" {
		by = append(by, fmt.Sprintf("the name %q", opt.Name))
	}
	return fmt.Errorf(
		"no scenario is selected by %s in %s%s", strings.Join(by, " and "), strings.Join(paths, ", "),
		hint,
	)
}

// tagHint gives the nearest tag for the first one in an expression that no scenario has.
func tagHint(expression string, documents []*document) string {
	var known []string
	for _, d := range documents {
		for _, c := range d.cases {
			for _, tag := range c.tags() {
				known = append(known, strings.TrimPrefix(tag, "@"))
			}
		}
	}
	known = unique(known)
	for _, token := range tagTokens(expression) {
		tag, isTag := strings.CutPrefix(token, "@")
		if !isTag || slices.Contains(known, tag) {
			continue
		}
		if name, ok := nearest.Name(tag, known); ok {
			return fmt.Sprintf(": no scenario is tagged %s; did you mean @%s?", token, name)
		}
	}
	return ""
}
