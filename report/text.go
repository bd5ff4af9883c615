package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// row is a row of a table. Each cell has one or more lines.
type row [][]string

// aligned returns rows as text in columns.
func aligned(rows []row) string {
	var widths []int
	for _, r := range rows {
		for i, cell := range r {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			for _, line := range cell {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	var b strings.Builder
	for _, r := range rows {
		height := 0
		for _, cell := range r {
			height = max(height, len(cell))
		}
		for n := range height {
			var text strings.Builder
			for i, cell := range r {
				line := ""
				if n < len(cell) {
					line = cell[n]
				}
				text.WriteString(line + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(line)+2))
			}
			b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
		}
	}
	return b.String()
}

// markdown returns rows as a table in Markdown. The first row is the head.
func markdown(rows []row) string {
	var b strings.Builder
	for i, r := range rows {
		for _, cell := range r {
			b.WriteString("| " + strings.Join(cell, "; ") + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(r)) + "|\n")
		}
	}
	return b.String()
}

// sampleTable returns a table in the syntax of features.
func sampleTable(rows [][]string, indent string) string {
	var b strings.Builder
	for _, row := range rows {
		b.WriteString(indent + "|")
		for i, cell := range row {
			width := 0
			for _, other := range rows {
				width = max(width, len([]rune(other[i])))
			}
			fmt.Fprintf(&b, " %-*s |", width, cell)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// indentLines indents the lines of a text that are not empty.
func indentLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// counted returns a number with its noun: 1 run, 2,000 runs.
func counted(n uint64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}

// thousands returns a number with its digits in groups of three.
func thousands(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// days returns a duration of virtual time in milliseconds as days and hours.
func days(ms uint64) string {
	hours := ms / uint64(time.Hour/time.Millisecond)
	if hours < 24 {
		return fmt.Sprintf("%d h", hours)
	}
	return fmt.Sprintf("%s d %d h", thousands(hours/24), hours%24)
}
