package report_test

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/report"
	"rollsim/story"
)

var (
	partOfPage = regexp.MustCompile(`(?s)<(style|script)>.*?</(?:style|script)>`)
	pictureOf  = regexp.MustCompile(`data-picture="([^"]+)"`)
	hashOf     = regexp.MustCompile(`sha256-[^&]+`)
)

// bare returns a page without its style, its script and the content of its pictures.
func bare(page string) string {
	page = partOfPage.ReplaceAllString(page, "<$1>…</$1>")
	page = hashOf.ReplaceAllString(page, "sha256-…")
	return pictureOf.ReplaceAllString(page, `data-picture="…"`)
}

// featuresPage runs some files and returns their page.
func featuresPage(t *testing.T, files fstest.MapFS, opt report.FeatureOptions, traces bool) string {
	t.Helper()
	var out bytes.Buffer
	w, err := report.NewFeatureWriter(&out, "html", opt)
	if err != nil {
		t.Fatal(err)
	}
	result, err := story.Run(context.Background(), story.Options{
		FS: files, Traces: traces, Each: w.Scenario,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.End(&result); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const holds = "\n  Scenario: It holds\n    Given channel \"stable\" with 1 host\n" +
	"    When \"stable\" moves to ref \"a1\"\n    Then \"stable@a1\" is Terminal\n"

// TestFeaturesPageOrder checks that features are in the order of the tutorial, and all others after
// them by folder.
func TestFeaturesPageOrder(t *testing.T) {
	files := fstest.MapFS{
		"features/a/one.feature": {Data: []byte("Feature: One" + holds)},
		"features/a/two.feature": {Data: []byte("Feature: Two" + holds)},
		"features/b/ten.feature": {Data: []byte("Feature: Ten" + holds)},
		"features/c/new.feature": {Data: []byte("Feature: New" + holds)},
		"top.feature":            {Data: []byte("Feature: Top" + holds)},
	}
	opt := report.FeatureOptions{Tutorial: "# Tutorial\n\n## Chapter B\n" +
		"- [Ten](../features/b/ten.feature): x\n\n## Empty\n- [x](../features/x/x.feature)\n\n" +
		"## Chapter A\n- [Two](../features/a/two.feature)\n- [One](../features/a/one.feature)\n"}
	page := featuresPage(t, files, opt, true)
	var got []string
	for _, m := range regexp.MustCompile(`<h[23]>([^<]+?) *<`).FindAllStringSubmatch(page, -1) {
		got = append(got, m[1])
	}
	want := []string{
		"Chapter B", "Ten", "Chapter A", "Two", "One", "features/c", "New", "Features", "Top",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := len(pictureOf.FindAllString(page, -1)); n != 5 {
		t.Errorf("%d pictures of 5 scenarios", n)
	}
	if page := featuresPage(t, files, opt, false); pictureOf.MatchString(page) {
		t.Error("a picture of a scenario without a trace")
	}
}

// TestFeaturesPageHostile checks that whatever a feature says is text.
func TestFeaturesPageHostile(t *testing.T) {
	const hostile = `</script><script>alert(1)</script> "><img src=x onerror=alert(2)> {{script}} ` +
		"\u202egpj.exe"
	text := "@a<b>\nFeature: " + hostile + "\n  " + hostile + "\n\n  Rule: " + hostile +
		"\n\n    Scenario: " + hostile + "\n      " + hostile + "\n\n      Given this " + hostile +
		":\n        | " + hostile + " |\n"
	files := fstest.MapFS{`x"><b>.feature`: {Data: []byte(text)}}
	page := featuresPage(t, files, report.FeatureOptions{}, true)
	if n := strings.Count(page, "<script>"); n != 1 {
		t.Errorf("%d scripts, want 1", n)
	}
	for _, bad := range []string{"<img", "<b>", "\u202e", "alert(1)</script>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if n := strings.Count(page, "{{script}}"); n < 5 {
		t.Errorf("%d of the names are in the page as they are", n)
	}
}
