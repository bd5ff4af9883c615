package gherkin_test

import (
	"errors"
	"fmt"
	"testing/fstest"

	"rollsim/story/gherkin"
)

const waves = `@slow
Feature: Waves

  Background:
    Given a fleet

  Scenario Outline: Wave <n>
    Then wave <n> opens

    Examples:
      | n |
      | 0 |
      | 1 |
`

// Select returns one scenario for each row of examples.
func ExampleSelect() {
	files := fstest.MapFS{"waves.feature": {Data: []byte(waves)}}
	selected, err := gherkin.Select(gherkin.Selection{FS: files, Tags: "@slow and not @wip"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range selected {
		fmt.Printf("%s:%d: %s\n", s.Document.Name, s.Line, s.Pickle.Name)
		for _, step := range s.Pickle.Steps {
			fmt.Println("   ", step.Text)
		}
	}
	// Output:
	// waves.feature:12: Wave 0
	//     a fleet
	//     wave 0 opens
	// waves.feature:13: Wave 1
	//     a fleet
	//     wave 1 opens
}

// Format changes the layout of a feature, and none of its words.
func ExampleFormat() {
	const untidy = "Feature: x\nScenario: y\nGiven a table\n|a|bb|\n|1|2|\n"
	text, err := gherkin.Format("x.feature", []byte(untidy))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	// Output:
	// Feature: x
	//
	//   Scenario: y
	//     Given a table
	//       | a | bb |
	//       | 1 | 2  |
}

// An Error has the place of a mistake.
func ExampleError() {
	const mistyped = "Feature: x\n  Scenario: y\n    Given z\n    Thenn w\n"
	_, err := gherkin.Parse("x.feature", []byte(mistyped))
	var e *gherkin.Error
	if errors.As(err, &e) {
		fmt.Printf("%s, line %d, column %d\n", e.File, e.Line, e.Column)
	}
	// Output:
	// x.feature, line 4, column 5
}
