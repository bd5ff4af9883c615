package story

import "testing"

// TestOneFault checks a fault of one message or one poll, and a delay under one ref: each does what
// it says, and one without effect is refused.
func TestOneFault(t *testing.T) {
	const move = "When \"web\" moves to ref \"a1\"\n"
	const then = "Then \"web@a1\" is Terminal"
	const lost = "And the next ActivationCompleted of host \"web-01\" under \"web@a1\" is lost "
	checkVerdicts(t, []verdictTest{
		{"a message", move +
			lost + "while host \"web-01\" is activating\nThen host \"web-02\" under \"web@a1\" is " +
			"Soaking before host \"web-01\" under \"web@a1\" is Soaking", ""},
		{"a message that is not sent", move + lost + "\n" + then,
			"host web-01 sends no such message after"},
		{"a message of another rollout", move +
			"And \"web\" moves to ref \"b2\"\n" + lost + "at once\nThen \"web@b2\" is Terminal",
			"this had no effect: the next ActivationCompleted"},
		{"a rollout that does not exist", move +
			"And the next message of host \"web-01\" under \"web@b2\" is lost\n" + then, "web@b2"},
		{"a host that does not exist", move +
			"And the next message of host \"web-09\" under \"web@a1\" is lost\n" + then, "web-09"},
		{"a drawn delay", move + "And the next message of host \"web-01\" under \"web@a1\" is late by " +
			"between 1 and 5 minutes at once\n" + then, "one length of time"},
		{"a poll", move + "And the next poll of channel \"web\" fails at once\n" + then, ""},
		{"a poll of a channel that does not exist", move +
			"And the next poll of channel \"wob\" fails\n" + then, "wob"},
		{"a poll of one channel under the shipped control plane", "Given the control plane is shipped\n" +
			move + "And the next poll of channel \"web\" fails\n" + then,
			"the shipped control plane polls all channels at once"},
		{"a delay under a ref", "Given on host \"web-01\" activation takes 2 hours under ref \"b2\"\n" +
			move + "And \"web\" moves to ref \"b2\"\nThen host \"web-01\" stays Activating under " +
			"\"web@b2\" for 2 hours", ""},
		{"a delay under another ref", "Given on host \"web-01\" activation takes 2 hours under ref " +
			"\"b2\"\n" + move + "And \"web\" moves to ref \"b2\"\nThen host \"web-01\" stays Activating " +
			"under \"web@a1\" for 2 hours", "expected"},
		{"a delay under a ref that never comes", "Given on host \"web-01\" activation takes 2 hours " +
			"under ref \"c3\"\n" + move + then, "no rollout of that ref was opened"},
		{"a delay that is given twice", "Given on host \"web-01\" activation takes 2 hours under ref " +
			"\"a1\"\nAnd on host \"web-01\" activation takes 1 hour under ref \"a1\"\n" + move + then,
			"is given twice in one place"},
	})
}
