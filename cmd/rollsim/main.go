// Command rollsim simulates fleets, checks rollout traces against goldens and features, and replays
// recorded ones.
package main

import "os"

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
