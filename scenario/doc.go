// Package scenario reads scenario files: YAML that describes a fleet, what happens to it and from
// which seed. A file becomes a [File] with a sim.Scenario, which package sim can run.
//
// # One file, from end to end
//
// A file small.yaml holds
//
//	# One host converges.
//	channels:
//	  - name: stable
//	    waves: [{hosts: 1, soak: 10m}]
//	timeline:
//	  - {at: 0s, channel: stable, ref: a1}
//
// [LoadFS] checks that the file is text, that it uses only the parts of YAML that scenarios have,
// and that it nests no deeper than it may. The decoder then walks the syntax tree together with the
// types in format.go and format_events.go, which are the format: each field must be known, be given
// once, and have a value of its type. Fields that are left out get the default in their tag, so the
// machine is rfc0008 and the horizon 14 days. The builder turns the result into a sim.Scenario
// named "small". It generates the host stable-01 and checks what depends on several fields: that
// the channel stable exists, that no name is declared twice, that nothing is scheduled after the
// horizon.
//
// [File.Record] simulates the scenario and renders its trace as text. That text is the golden:
// package check compares the two.
//
// # Strict by design
//
// A field that is mistyped and then ignored makes a test that tests nothing. Every problem is an
// [Error] with file, line and column, and with the nearest name that would have been valid. The
// error of a file joins several of them, in the order of the file.
//
// The same types generate the schema for editors, scenarios/schema.json. [Format] aligns a file
// without changing its meaning.
package scenario
