// Package fleettests is a suite of godog with the sentences of rollsim and some of its own.
package fleettests

import (
	"fmt"
	"testing"

	"github.com/cucumber/godog"

	"rollsim/story"
)

// A change is what the sentences of this suite are about.
type change struct{ tickets map[string]string }

func (c *change) allow(ticket, ref string) { c.tickets[ticket] = ref }

func (c *change) checkTicket(ticket string) error {
	if c.tickets[ticket] == "" {
		return fmt.Errorf("ticket %s allows nothing", ticket)
	}
	return nil
}

func initialize(sc *godog.ScenarioContext) {
	story.InitializeScenario(sc)
	c := &change{make(map[string]string)}
	sc.Step(`^the ticket "([^"]*)" allows ref "([^"]*)"$`, c.allow)
	sc.Step(`^the ticket "([^"]*)" can be closed$`, c.checkTicket)
}

func TestFeatures(t *testing.T) {
	suite := godog.TestSuite{
		ScenarioInitializer: initialize,
		Options: &godog.Options{
			Format: "pretty", Paths: []string{"features"}, Strict: true, Concurrency: 1, TestingT: t,
		},
	}
	if suite.Run() != 0 {
		t.Fatal("a scenario failed, or none ran")
	}
}
