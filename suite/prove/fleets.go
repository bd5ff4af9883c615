package prove

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"rollsim/scenario"
)

//go:embed fleets/*.yaml
var fleetFiles embed.FS

// Fleets returns the built-in fleets. Together they reach every answer of the machine, every gate,
// every kind of deviation and every shape of waves.
func Fleets() ([]*scenario.File, error) {
	names, err := fs.Glob(fleetFiles, "fleets/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []*scenario.File
	for _, name := range names {
		text, err := fleetFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		f, err := scenario.Parse(name, text)
		if err != nil {
			return nil, fmt.Errorf("built-in fleet: %w", err)
		}
		f.Scenario.Name = strings.TrimSuffix(path.Base(name), ".yaml")
		all = append(all, f)
	}
	return all, nil
}
