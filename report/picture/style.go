package picture

import (
	"rollsim/reducer"
)

// look is how a state is filled. Colours differ in lightness and patterns in shape, so that states
// differ without colours too.
type look struct {
	name    string // of the pattern
	fill    string
	ink     string // of the lines of the pattern
	pattern string // SVG in a tile of tileSize pixels; empty for a plain fill
	dark    bool   // texts on it are white
}

const tileSize = 8

// The looks. The colours are those of Okabe and Ito, which the colour-blind can distinguish, some
// of them lighter.
var (
	lookUnknown    = look{"unknown", "#ffffff", "#b0b0b0", `<path d="M0 4h2M4 4h2"/>`, false}
	lookPending    = look{"pending", "#ededed", "", "", false}
	lookActivating = look{
		"activating", "#f3c34a", "#a36a00", `<path d="M-2 2l4-4M0 8l8-8M6 10l4-4"/>`, false,
	}
	lookDeferred = look{"deferred", "#f7ee9a", "#8a7d00", `<path d="M0 2h8M0 6h8"/>`, false}
	lookSoaking  = look{
		"soaking", "#9fd3f4", "#1f6fa8", `<path d="M1 2h2M5 6h2" stroke-width="2"/>`, false,
	}
	lookConverged = look{"converged", "#00805c", "", "", true}
	lookFailed    = look{
		"failed", "#a32600", "#ffd9cc", `<path d="M0 0l8 8M8 0l-8 8"/>`, true,
	}
	lookReverted   = look{"reverted", "#d9a3c4", "#6b1f55", `<path d="M2 0v8M6 0v8"/>`, false}
	lookSuperseded = look{"superseded", "#cccccc", "", "", false}
)

// hostLooks has the look of each host state; 0 is an unknown one.
var hostLooks = [reducer.HostStateCount]*look{
	0:                      &lookUnknown,
	reducer.HostPending:    &lookPending,
	reducer.HostActivating: &lookActivating,
	reducer.HostDeferred:   &lookDeferred,
	reducer.HostSoaking:    &lookSoaking,
	reducer.HostConverged:  &lookConverged,
	reducer.HostFailed:     &lookFailed,
	reducer.HostReverted:   &lookReverted,
}

// rolloutLooks has the look of each state of a rollout; 0 is an unknown one.
var rolloutLooks = [reducer.StateCount]*look{
	0:                  &lookUnknown,
	reducer.Opening:    &lookPending,
	reducer.Active:     &lookActivating,
	reducer.Converging: &lookSoaking,
	reducer.Terminal:   &lookConverged,
	reducer.Reverted:   &lookReverted,
	reducer.Failed:     &lookFailed,
	reducer.Superseded: &lookSuperseded,
	reducer.Pruned:     &lookSuperseded,
}

// The colours of everything else.
const (
	paper  = "#ffffff"
	ink    = "#1a1a1a"
	faded  = "#5f5f5f"
	rule   = "#d4d4d4"
	danger = "#a32600"
)

// meaning returns the states that the look stands for.
func (l *look) meaning() string {
	switch l {
	case &lookPending:
		return "Pending; rollout Opening"
	case &lookActivating:
		return "Activating; rollout Active"
	case &lookDeferred:
		return "Deferred: needs a reboot"
	case &lookSoaking:
		return "Soaking; rollout Converging"
	case &lookConverged:
		return "Converged; rollout Terminal"
	case &lookFailed:
		return "Failed"
	case &lookReverted:
		return "Reverted"
	case &lookSuperseded:
		return "Superseded"
	}
	return "not known"
}
