package trace

import "rollsim/reducer"

// AppendProductionTime appends a time as production logs spell it: with the offset +00:00.
func AppendProductionTime(b []byte, t reducer.Time) []byte {
	b = AppendTime(b, t)
	return append(b[:len(b)-1], "+00:00"...)
}
