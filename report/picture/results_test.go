//go:build unix

package picture

import (
	"bytes"
	"html/template"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/timeline"
)

// writeResults writes a page with an item that is a failure and one that is not. It returns its
// address.
func writeResults(t *testing.T, x *timeline.Index) string {
	t.Helper()
	packed, err := Packed(x, Options{Name: `</title><script>alert(1)</script>`})
	if err != nil {
		t.Fatal(err)
	}
	item := func(id, name, more string) string {
		return `<details data-item id="` + id + `"` + more + `><summary>` + name + `</summary><figure ` +
			`data-picture="` + packed + `" data-alt="` + name + `"></figure></details>`
	}
	r := Results{
		Title:    `Results </title><script>alert(1)</script>`,
		Contents: `<ul><li><a href="#good">good</a></li><li><a href="#bad">bad</a></li></ul>`,
		Body: template.HTML(`<section data-group id="good">` + item("one", "It holds", "") +
			`</section><section data-group id="bad">` + item("two", "It fails", " data-bad open") +
			`</section>`),
	}
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "results.html")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(name)
}

const (
	drawnPictures = `[...document.images].filter(i => i.complete && i.naturalWidth > 0).length`
	shownItems    = `[...document.querySelectorAll('[data-item]')].filter(e => e.offsetParent)` +
		`.map(e => e.id).join(' ')`
)

// testResults uses a page of results as a person does.
func testResults(t *testing.T, b *browser) {
	url := writeResults(t, ofLibrary(t, "failure-under-rfc0008"))
	expect := func(what, expression string, want any) {
		t.Helper()
		if got := b.eval(expression); got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	b.size(1280, 800)
	b.open(url)
	expect("title", "document.title", `Results </title><script>alert(1)</script>`)
	expect("both", shownItems, "one two")
	expect("the open item has its picture", drawnPictures, 1.0)
	b.press("/", 0)
	for _, key := range strings.Split("holds", "") {
		b.press(key, 0)
	}
	expect("search", shownItems, "one")
	expect("count", "document.querySelector('#found').textContent", "1 of 2")
	expect("contents", "document.querySelector('nav li:nth-child(2)').hidden", true)
	b.eval("document.querySelector('#search').value = ''")
	b.press("Escape", 0)
	b.press("f", 0)
	expect("failures only", shownItems, "two")
	b.press("f", 0)
	expect("everything again", shownItems, "one two")
	b.press("n", 0)
	expect("next failure", "document.activeElement.parentElement.id", "two")
	theme := b.eval("document.documentElement.dataset.theme")
	b.press("t", 0)
	if b.eval("document.documentElement.dataset.theme") == theme {
		t.Error("the theme is the same")
	}
	b.open(url + "#one")
	expect("deep link", "document.querySelector('#one').open", true)
	expect("its picture", "new Promise(r => setTimeout(() => r("+drawnPictures+"), 1500))", 2.0)
	for _, width := range []int{360, 820, 1920} {
		b.size(width, 800)
		b.shot("results-" + b.eval("String(innerWidth)").(string))
		expect("no scrolling to the side", "document.documentElement.scrollWidth <= innerWidth", true)
	}
	if len(b.console) > 0 {
		t.Errorf("the console has errors: %v", b.console)
	}
}
