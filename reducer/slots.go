package reducer

// slotIndex finds hosts by name in a list of hosts. It is a hash table of their indices with open
// addressing. It needs 8 to 16 bytes a host, where a map of names would need five times as much,
// and a fleet may have a million hosts. The zero value is empty.
type slotIndex struct {
	// index + 1, or 0 if free; the length is a power of two, at least twice the number of hosts
	table []int32
}

// add adds the last of the hosts.
func (x *slotIndex) add(hosts []Host) {
	if 2*len(hosts) <= len(x.table) {
		x.insert(hosts, len(hosts)-1)
		return
	}
	x.table = make([]int32, max(8, 2*len(x.table)))
	for i := range hosts {
		x.insert(hosts, i)
	}
}

func (x *slotIndex) insert(hosts []Host, i int) {
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

// hashName returns the FNV-1a hash (Fowler, Noll and Vo) of a name. It folds the upper half into
// the lower one, because a slot depends on the lowest bits alone.
func hashName(id HostID) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h ^ h>>32
}
