package scenario

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// PhrasesName is the name of a file of phrases. It is no scenario.
const PhrasesName = "phrases.yaml"

// A Phrase is one sentence that stands for several others in features.
type Phrase struct {
	Line  int    // of its first field
	Say   string // the sentence, with {NAME:TYPE} for a value
	As    string // Given, When or Then
	Steps []PhraseStep
}

// A PhraseStep is one of the sentences that a phrase stands for, with its keyword.
type PhraseStep struct {
	Line int
	Text string
}

const (
	// maxPhrases is the largest number of phrases in a file.
	maxPhrases = 500
	// maxPhraseSteps is the largest number of sentences in a phrase.
	maxPhraseSteps = 50
	// maxSentence is the largest number of bytes in a sentence of a phrase.
	maxSentence = 500
)

// A file of phrases.
type phrasesDocument struct {
	Phrases []phraseEntry `yaml:"phrases"`
}

type phraseEntry struct {
	phraseFields

	line int
}

type phraseFields struct {
	Say   locatedText   `yaml:"say"`
	As    locatedText   `yaml:"as"`
	Steps []locatedText `yaml:"steps"`
}

func (e *phraseEntry) decodeNode(d *decoder, n ast.Node, _ string) {
	e.line = nodePosition(n).line
	decodeInto(d, n, &e.phraseFields, "a phrase")
}

// locatedText is a text with its position.
type locatedText struct {
	position

	text string
}

func (t *locatedText) decodeNode(d *decoder, n ast.Node, field string) {
	t.position = nodePosition(n)
	decodeInto(d, n, &t.text, field)
}

// ParsePhrases reads a file of phrases. name is the path for messages. It checks the form of the
// file, and not whether the sentences exist. Errors are those of Parse.
func ParsePhrases(name string, data []byte) ([]Phrase, error) {
	p := &problems{file: name}
	var doc phrasesDocument
	if read(p, data, phrasesKind, &doc) == nil {
		return nil, p.err()
	}
	if len(doc.Phrases) > maxPhrases {
		p.add(position{}, "phrases: more than %d", maxPhrases)
		return nil, p.err()
	}
	var all []Phrase
	for i := range doc.Phrases {
		e := &doc.Phrases[i]
		one := Phrase{Line: e.line, Say: checkSentence(p, e.Say, "say"), As: e.As.text}
		if keywords := []string{"Given", "When", "Then"}; !slices.Contains(keywords, one.As) {
			p.add(e.As.position, "as: expected Given, When or Then, found %s", quote(one.As))
		}
		switch {
		case len(e.Steps) == 0:
			p.add(e.Say.position, "steps: a phrase stands for at least one sentence")
		case len(e.Steps) > maxPhraseSteps:
			p.add(e.Say.position, "steps: more than %d in one phrase", maxPhraseSteps)
		}
		for _, s := range e.Steps {
			one.Steps = append(one.Steps, PhraseStep{s.line, checkSentence(p, s, "steps")})
		}
		all = append(all, one)
		if p.enough() {
			break
		}
	}
	if p.any() {
		return nil, p.err()
	}
	return all, nil
}

// checkSentence returns the text of a sentence of a phrase. It must be one line.
func checkSentence(p *problems, t locatedText, field string) string {
	text := strings.TrimSpace(t.text)
	switch {
	case text == "":
		p.add(t.position, "%s: a sentence is empty", field)
	case len(text) > maxSentence:
		p.add(t.position, "%s: a sentence is longer than %d bytes", field, maxSentence)
	case strings.ContainsAny(text, "\r\n"):
		p.add(t.position, "%s: a sentence is one line; a phrase has no tables", field)
	}
	return text
}
