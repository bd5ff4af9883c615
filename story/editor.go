package story

import (
	"regexp"
	"slices"
	"strings"
)

// An EditorType is what {NAME} stands for in the expressions that Cucumber's editor extension
// reads.
type EditorType struct {
	Name   string `json:"name"`
	Regexp string `json:"regexp"` // for JavaScript too
}

// editorExpression returns the Cucumber Expression of the words of a step, and the types in it. In
// both, (text) is optional and a/b is a choice; but an optional text of a Cucumber Expression is
// plain.
func editorExpression(words string) (expression string, types []EditorType) {
	var b strings.Builder
	pieces := piece.FindAllString(words, -1)
	for i := 0; i < len(pieces); i++ {
		switch p := pieces[i]; {
		case p == "(":
			first, depth := i+1, 1
			for depth > 0 {
				i++
				switch pieces[i] {
				case "(":
					depth++
				case ")":
					depth--
				}
			}
			inside := strings.Join(pieces[first:i], "")
			if !strings.ContainsAny(inside, "({/") {
				b.WriteString("(" + inside + ")")
				continue
			}
			name := strings.Join(
				slices.Compact(strings.Fields(notInTypes.ReplaceAllString(inside, " "))), " ",
			)
			types = append(types, EditorType{name, "(?:" + ungrouped(inside) + ")?"})
			b.WriteString("{" + name + "}")
		case p[0] == '{':
			name := strings.Trim(p, "{}")
			types = append(types, EditorType{name, parameters[name].expr})
			b.WriteString(p)
		case p == ":" && i == len(pieces)-1:
			b.WriteString("(:)")
		default:
			b.WriteString(p)
		}
	}
	return b.String(), types
}

var notInTypes = regexp.MustCompile(`[^a-z_]+`)

// ungrouped returns the expression of some words without groups for their values.
func ungrouped(words string) string {
	expr, values, _ := pattern(words)
	text := strings.TrimSuffix(strings.TrimPrefix(expr, "^"), "$")
	for _, v := range values {
		text = strings.ReplaceAll(text, "("+v.expr+")", "(?:"+v.expr+")")
	}
	return text
}
