package reducer

import "slices"

// slotIndex finds hosts by name in a list of hosts: a hash table of their places, with open
// addressing. It takes 8 to 16 bytes a host, where a map of names would take five times that, and
// fleets may have a million. The zero value is empty.
type slotIndex struct {
	// place + 1; 0 is free; the length is a power of two, at least twice the number of hosts
	table []int32
}

// add enters the last of the hosts.
func (x *slotIndex) add(hosts []Host) {
	if 2*len(hosts) <= len(x.table) {
		x.enter(hosts, len(hosts)-1)
		return
	}
	x.table = make([]int32, max(8, 2*len(x.table)))
	for i := range hosts {
		x.enter(hosts, i)
	}
}

func (x *slotIndex) enter(hosts []Host, i int) {
	mask := uint64(len(x.table) - 1)
	at := hashName(hosts[i].ID) & mask
	for x.table[at] != 0 {
		at = (at + 1) & mask
	}
	x.table[at] = int32(i) + 1
}

func (x *slotIndex) find(id HostID, hosts []Host) (int, bool) {
	if len(x.table) == 0 {
		return 0, false
	}
	mask := uint64(len(x.table) - 1)
	for at := hashName(id) & mask; x.table[at] != 0; at = (at + 1) & mask {
		if i := int(x.table[at]) - 1; hosts[i].ID == id {
			return i, true
		}
	}
	return 0, false
}

// hashName is FNV-1a (Fowler, Noll and Vo), its upper half folded in, because names that end alike
// differ there.
func hashName(id HostID) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h ^ h>>32
}

func (x *slotIndex) clone() slotIndex { return slotIndex{table: slices.Clone(x.table)} }
