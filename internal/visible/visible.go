// Package visible escapes the characters of names and texts that a terminal obeys or does not
// show: control characters, marks of the direction of text, separators of lines and characters
// without width. An input could otherwise control the terminal that shows it, or hide what it says.
package visible

import (
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape returns a text with each such character as \uXXXX, as JSON and Go spell it. Newlines and
// tabs stay, and what is not UTF-8 becomes U+FFFD. A JSON document keeps its meaning.
func Escape(text string) string {
	if isPlain(text) {
		return text
	}
	return string(appendEscaped(nil, []byte(text), nil))
}

// Name returns a name as Escape does, on one line: newlines and tabs are escaped too.
func Name[S ~string](name S) string {
	return oneLine.Replace(Escape(string(name)))
}

// Names returns the arguments of a format with those that are texts as Name returns them.
func Names(args []any) []any {
	all := slices.Clone(args)
	for i, a := range all {
		if v := reflect.ValueOf(a); v.Kind() == reflect.String {
			all[i] = Name(v.String())
		}
	}
	return all
}

var oneLine = strings.NewReplacer("\n", `\u000a`, "\t", `\u0009`)

// isPlain reports whether a text is ASCII without characters to escape.
func isPlain[T string | []byte](text T) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return true
}

// hidden reports whether a character is escaped.
func hidden(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n' && r != '\t'
	case r < 0x7f:
		return false
	}
	return unicode.In(
		r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point,
	)
}

// appendEscaped appends a text with escapes. It replaces the runes of marks by their texts.
func appendEscaped(b, text []byte, marks map[rune]string) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch mark, is := marks[r]; {
		case is:
			b = append(b, mark...)
		case !hidden(r):
			b = utf8.AppendRune(b, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendEscape(appendEscape(b, high), low)
		default:
			b = appendEscape(b, r)
		}
		text = text[size:]
	}
	return b
}

func appendEscape(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
}

// Writer escapes what it writes, as Escape does.
type Writer struct {
	// Marks are characters of private use that stand for other texts, such as a change of colour.
	Marks map[rune]string

	w     io.Writer
	start []byte // of a character that has not been written completely
	buf   []byte

	mu    sync.Mutex
	lines []string // names that are written on one line, each followed by itself on one line
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// OneLine makes the writer write a path or another name on one line, as Name does, wherever it
// occurs as a whole or in parts. Otherwise a newline in a name could forge a line of the output.
func (w *Writer) OneLine(path string) {
	if !strings.Contains(path, "\n") {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for part := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '=' }) {
		for _, name := range []string{part, strings.TrimSuffix(part, filepath.Ext(part))} {
			if strings.Contains(name, "\n") && strings.TrimSpace(name) != "" {
				w.lines = append(w.lines, name, oneLine.Replace(name))
			}
		}
	}
}

// Write implements io.Writer.
func (w *Writer) Write(text []byte) (int, error) {
	length := len(text)
	w.mu.Lock()
	if len(w.lines) > 0 {
		text = []byte(strings.NewReplacer(w.lines...).Replace(string(text)))
	}
	w.mu.Unlock()
	if len(w.start) == 0 && isPlain(text) {
		if _, err := w.w.Write(text); err != nil {
			return 0, err
		}
		return length, nil
	}
	all := append(w.start, text...)
	end := len(all)
	for i := 1; i < utf8.UTFMax && i <= len(all); i++ {
		if at := len(all) - i; utf8.RuneStart(all[at]) {
			if !utf8.FullRune(all[at:]) {
				end = at
			}
			break
		}
	}
	w.buf = appendEscaped(w.buf[:0], all[:end], w.Marks)
	w.start = append([]byte(nil), all[end:]...)
	if _, err := w.w.Write(w.buf); err != nil {
		return 0, err
	}
	return length, nil
}
