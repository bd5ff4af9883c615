// Package picture draws a trace as one static picture: a band for each rollout, a line for each
// host, from left to right in time.
//
// # One picture, from end to end
//
// A timeline.Index has the changes of a run of six hosts. [newModel] turns them into spans: rollout
// stable@a1 is Active from 0 s to 41 min, host stable-01 is Soaking from 1 min to 31 min. It
// chooses the hosts and rollouts to show if there are too many. A scale assigns an x to each time:
// it shortens idle time and widens bursts, so that both can be seen. A canvas writes shapes and
// texts as SVG. All coordinates are integers and all texts are cut at a number of characters, so
// the same trace makes the same bytes everywhere. The file needs no font, no network and no script.
//
// [HTML] writes a trace as a page. [Results] is a page of results with pictures; both have the
// style of base.css.
package picture
