// Package platforms tests that the program compiles for other systems. Its test checks the types of
// every package and of all that it imports, which takes seconds. To compile the standard library
// once more for each system would take minutes on a computer without a build cache.
package platforms
