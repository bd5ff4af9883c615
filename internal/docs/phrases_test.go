package docs

import "regexp"

// A phrase is one that the repository does not use. docs/words.md shows the fields avoid and write.
type phrase struct {
	avoid   string // the phrase as a reader knows it
	pattern string // a regular expression in lower case; a space matches the end of a line too
	allow   string // a regular expression for uses, with a word around, that are standard English
	write   string // the standard phrase
	bad     string // an example that pattern matches
	good    string // the same in standard English, which matches no phrase at all
}

// phrases lists the dialect, in the order of docs/words.md.
var phrases = []phrase{
	{
		avoid: "gives", pattern: `gives`, write: "returns, writes, has",
		bad:  "// Next gives the entry after e.",
		good: "// Next returns the entry after e.",
	},
	{
		avoid: "tells whether", pattern: `(tells|telling|told) whether`, write: "reports whether",
		bad:  "// Ended tells whether the rollout has ended.",
		good: "// Ended reports whether the rollout has ended.",
	},
	{
		avoid: "tells of, is told of", pattern: `(tells?|telling|told) of`,
		write: "describes, reports",
		bad:   "The page tells of budgets.",
		good:  "The page describes budgets.",
	},
	{
		avoid: "tells, is told", pattern: `tells|(is|are|be|been|being|was|were) told`,
		allow: `told to`,
		write: "reports, says, shows, explains",
		bad:   "a line tells what was read, and so the reader is told",
		good:  "a line reports the number of bytes read; the agent is told to switch",
	},
	{
		avoid: "takes note of", pattern: `(takes?|took|taken|taking) note`, write: "records",
		bad:  "// dispatch takes note of a dispatch.",
		good: "// dispatch records a dispatch.",
	},
	{
		avoid:   "holds X against Y",
		pattern: `(holds?|held|holding) [^\x00.;:!?]{1,60} against|held against`,
		write:   "compares X with Y, checks X against Y",
		bad:     "// Check holds the trace against its golden.",
		good:    "// Check compares the trace with its golden.",
	},
	{
		avoid: "is none", pattern: `(is|are|was|were) none`,
		write: "is not a …, none exists",
		bad:   "a name that is none of a machine",
		good:  "returns nil if none exists",
	},
	{
		avoid: "is nothing", pattern: `(is|are|was) nothing`, allow: `there (is|was) nothing`,
		write: "is empty, has no effect",
		bad:   "an answer that is nothing",
		good:  "an answer that is empty; there is nothing to compare",
	},
	{
		avoid: "be it that", pattern: `be it`, write: "or if",
		bad:  "waits, be it that the log does not say for what",
		good: "waits, or if the log does not say for what, stops",
	},
	{
		avoid: "comes to", pattern: `(comes?|came|coming) to`, allow: `new refs come to`,
		write: "reaches, results in, amounts to",
		bad:   "the states that a rollout comes to",
		good:  "the states that a rollout reaches",
	},
	{
		avoid:   "what became of, what comes of",
		pattern: `(become|becomes|became|come|comes|came) of`,
		write:   "the state, the result, the effects of",
		bad:     "what became of the rollout",
		good:    "the last state of the rollout",
	},
	{
		avoid: "what is made of", pattern: `(is|was|are|were) made of|(makes?|made) nothing of`,
		write: "the result of; ignores",
		bad:   "what the reducer made of it was nothing, and it makes nothing of it",
		good:  "the reducer ignores it",
	},
	{
		avoid: "sees to it that", pattern: `(sees?|saw) to it`, write: "ensures that, checks that",
		bad:  "// TestTutorial sees to it that the tutorial is complete.",
		good: "// TestTutorial checks that the tutorial is complete.",
	},
	{
		avoid: "lets go of", pattern: `(lets?|letting) go`, write: "frees, evicts, releases",
		bad:  "// end lets go of the oldest rollout.",
		good: "// end evicts the oldest rollout.",
	},
	{
		avoid: "it takes that", pattern: `(it takes that|takes it that)`, write: "it assumes that",
		bad:  "where the log has no policy it takes that it is halt",
		good: "where the log has no policy it assumes halt",
	},
	{
		avoid: "is taken for", pattern: `(is|are|be|been|was|were) taken for`,
		write: "is treated as, counts as",
		bad:   "a regressing wave is taken for a completed one",
		good:  "a regressing wave is treated as a completed one",
	},
	{
		avoid: "all the same", pattern: `all the same`, write: "nevertheless, still",
		bad:  "it is superseded all the same",
		good: "it is still superseded",
	},
	{
		avoid: "any more", pattern: `not [^\x00.;:!?]{1,40} any more`, write: "no longer",
		bad:  "what is not in use any more",
		good: "records that are no longer in use",
	},
	{
		avoid: "for want of, for lack of", pattern: `for (want|lack) of`,
		write: "without, because there is no",
		bad:   "sent again for want of an ack",
		good:  "sent again without an ack",
	},
	{
		avoid: "of which", pattern: `of which`, allow: `(one|all|some|each|most) of which`,
		write: "two sentences",
		bad:   "hosts, of which one fails",
		good:  "hosts. One of them fails",
	},
	{
		avoid: "beside, besides", pattern: `besides?`, write: "next to; in addition to",
		bad:  "Beside from and to no machine may look at anything.",
		good: "A machine reads the fields from and to alone.",
	},
	{
		avoid: "but for", pattern: `but for`, allow: `but for which`, write: "except, except for",
		bad:  "every folder but for hidden ones",
		good: "every folder except hidden ones",
	},
	{
		avoid: "in store for", pattern: `in store`, write: "assigned to, set for",
		bad:  "what is in store for a host",
		good: "the fate that a host is assigned",
	},
	{
		avoid: "anew", pattern: `anew`, write: "again, from the start",
		bad:  "the retention starts anew",
		good: "the retention starts again",
	},
	{
		// A scenario lists the defects that are mended: that word is a name of the format.
		avoid: "mend", pattern: `(un)?mend(s|ing)?`, write: "fix",
		bad:  "a change that mends a defect",
		good: "a defect that is fixed",
	},
	{
		avoid: "amiss", pattern: `amiss`, write: "wrong",
		bad:  "what is amiss with a line",
		good: "what is wrong with a line",
	},
	{
		avoid: "passes over", pattern: `(pass|passes|passed|passing) over`, write: "skips, ignores",
		bad:  "unknown fields are passed over",
		good: "unknown fields are ignored",
	},
	{
		avoid: "goes on", pattern: `(goes|going|went) on`, write: "continues",
		bad:  "the rollout goes on",
		good: "the rollout continues",
	},
	{
		avoid: "is over", pattern: `(is|are|was|were) over`, write: "has ended",
		bad:  "a rollout that is over",
		good: "a rollout that has ended",
	},
	{
		avoid: "in the place of", pattern: `in the place of`, write: "instead of",
		bad:  "the list in the place of paths",
		good: "the list instead of paths",
	},
	{
		avoid: "in vain", pattern: `in vain`, write: "without effect",
		bad:  "a poll in vain",
		good: "a poll without effect",
	},
	{
		avoid: "that there is not, that is not there",
		pattern: `(that|which) there (is|are) (not|none)|there is not|` +
			`(is|are|was|were) not there`,
		write: "that does not exist",
		bad:   "a state that there is not",
		good:  "a state that does not exist",
	},
	{
		avoid: "stands there", pattern: `stands? there|there stands?`, write: "is there",
		bad:  "what stands there",
		good: "the text at that place",
	},
	{
		avoid: "expects nothing that", pattern: `expects nothing that`,
		write: "checks nothing that, has no expectation for",
		bad:   "what reaches this cell expects nothing that differs",
		good:  "no scenario that reaches this cell checks the difference",
	},
	{
		avoid: "NEVER CAME", pattern: `never came`, write: "never happened",
		bad:  "NEVER CAME number 2 of the coverage list",
		good: "NEVER HAPPENED a crash of the control plane, number 2 of the coverage list",
	},
	{
		avoid: "is spared", pattern: `spare[sd]?`, write: "need not, avoids",
		bad:  "so that readers are spared it",
		good: "so that readers need not parse it",
	},
}

// names lists the words that no identifier contains, or that none is.
var names = []struct {
	avoid   string
	pattern *regexp.Regexp
	write   string
}{
	{"telling", part("telling"), "index, run, buffer"},
	{"glance", part("glance"), "cursor"},
	{"breath", part("breath"), "snapshot"},
	{"stirs", part("stirs"), "changed, active"},
	{"promises", part("promises"), "assertions, pending"},
	{"strange", part("strange"), "foreign, unknown, unexpected"},
	{"owed", part("owed"), "pending, due"},
	{"vain", part("vain"), "ignored, without effect"},
	{"told", part("told"), "reported, specified"},
	{"here", whole("here"), "position, offset"},
	{"over", whole("over"), "ended"},
	{"take", whole("take"), "apply, read"},
}

// part matches a word at the beginning of a name, or in it in camel case.
func part(word string) *regexp.Regexp {
	return regexp.MustCompile(`^` + word + `(s?$|s?[A-Z0-9])|` +
		string(word[0]-'a'+'A') + word[1:] + `(s?$|s?[A-Z0-9])`)
}

// whole matches a name that is the word.
func whole(word string) *regexp.Regexp { return regexp.MustCompile(`^(?i:` + word + `)$`) }
