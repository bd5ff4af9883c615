// Package rollsim embeds the regression suite, so that an installed rollsim can check itself.
package rollsim

import "embed"

// Library is the regression suite: the scenarios with the files that they include and their schema,
// the goldens, and the features with their phrases.
//
//go:embed scenarios/*.yaml scenarios/included/*.yaml scenarios/schema.json
//go:embed golden/*.golden features/*/*.feature features/*/phrases.yaml
var Library embed.FS

// Tutorial explains the features in the order in which they are to be read.
//
//go:embed docs/tutorial.md
var Tutorial string
