package sim

import (
	"errors"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"

	"rollsim/reducer"
)

// checkChannelGraph refuses channels that wait for themselves, directly or through others.
func checkChannelGraph(channels []Channel) error {
	number := make(map[reducer.ChannelID]int)
	for i := range channels {
		number[channels[i].ID] = i
	}
	waits := make([][]int, len(channels))
	for i := range channels {
		for _, after := range channels[i].After {
			n, ok := number[after]
			if !ok {
				return fmt.Errorf(
					"channel %s waits for channel %s, which is not declared", channels[i].ID, after,
				)
			}
			waits[i] = append(waits[i], n)
		}
	}
	circle := Circle(waits)
	if circle == nil {
		return nil
	}
	var names []reducer.ChannelID
	for _, n := range circle {
		names = append(names, channels[n].ID)
	}
	return fmt.Errorf("channels wait for each other in a circle: %v", names)
}

// Circle returns the numbers, in rising order, of things that wait for each other, so that none of
// them can ever continue. It returns one number for a thing that waits for itself, and nil if there
// is no circle. waits[i] holds the numbers of the things that thing i waits for. The cost depends
// only on the number of edges.
func Circle(waits [][]int) []int {
	if !slices.ContainsFunc(waits, func(others []int) bool { return len(others) > 0 }) {
		return nil
	}
	g := simple.NewDirectedGraph()
	for i, others := range waits {
		for _, n := range others {
			if n == i {
				return []int{i}
			}
			g.SetEdge(g.NewEdge(simple.Node(i), simple.Node(n)))
		}
	}
	_, err := topo.SortStabilized(g, nil)
	var groups topo.Unorderable
	if !errors.As(err, &groups) {
		return nil
	}
	var circle []int
	for _, node := range groups[0] {
		circle = append(circle, int(node.ID()))
	}
	return circle
}
