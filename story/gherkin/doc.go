// Package gherkin reads, selects and lays out feature files. It knows documents, scenarios, tables,
// tags and quoted names, and not what the sentences mean: package story carries them out.
//
// # A feature file
//
// Given the file waves.feature
//
//	@slow
//	Feature: Waves
//
//	  Background:
//	    Given a fleet
//
//	  Scenario Outline: Wave <n>
//	    Then wave <n> opens
//
//	    Examples:
//	      | n |
//	      | 0 |
//	      | 1 |
//
// [Read] returns a [Document] with two scenarios, one for each row of examples: "Wave 0" at line 12
// and "Wave 1" at line 13. Each has two steps, the first of them from the Background, and the tag
// @slow. [Select] reads all the files at some paths and returns the scenarios that a tag
// expression, a name or a line selects; waves.feature:13 selects "Wave 1" alone. [Format] lays the
// file out: it indents each level by two spaces and aligns the tables.
//
// # Errors
//
// A file that cannot be read results in an [Error], with its file, line and column. Errors of
// several files, or of several lines of one file, are joined with [errors.Join].
package gherkin
