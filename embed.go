// Package rollsim holds what ships inside the binary: the scenarios, their goldens and the
// features.
package rollsim

import "embed"

// Library is the regression suite: scenarios/*.yaml and what they include, golden/*.golden and
// features/*/*.feature.
//
//go:embed scenarios/*.yaml scenarios/included/*.yaml scenarios/schema.json golden/*.golden features/*/*.feature
var Library embed.FS
