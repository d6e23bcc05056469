/* SPDX-License-Identifier: MIT */
/* Sorting entries of the timer heap, see heap_order.h. */
#include "core/heap_order.h"

/* So many are sorted one by one; and so often a half is parted again. */
#define SORT_FEW 12
#define SORT_DEPTH 40

static uint64_t
order_of(const struct rota__heap_entry *entry)
{
	if (entry->key_ns != entry->alarm->deadline_ns)
		return 0;
	return entry->alarm->seq;
}

int
rota__entry_is_before_equal(
	const struct rota__heap_entry *a, const struct rota__heap_entry *b)
{
	return order_of(a) < order_of(b);
}

/* Sorts by insertion, among those that are `gap` apart. */
static void
sort_by_gap(struct rota__heap_entry *entries, uint32_t n, uint32_t gap)
{
	uint32_t i;

	for (i = gap; i < n; i++) {
		struct rota__heap_entry entry = entries[i];
		uint32_t to = i;

		for (; to >= gap &&
			rota__entry_is_before(&entry, &entries[to - gap]);
			to -= gap)
			entries[to] = entries[to - gap];
		entries[to] = entry;
	}
}

/* Parts entries, none of the first part after one of the second. */
static uint32_t
part(struct rota__heap_entry *entries, uint32_t n)
{
	struct rota__heap_entry pivot = entries[n / 2];
	uint32_t first = 0;
	uint32_t last = n - 1;

	for (;; first++, last--) {
		struct rota__heap_entry entry;

		while (rota__entry_is_before(&entries[first], &pivot))
			first++;
		while (rota__entry_is_before(&pivot, &entries[last]))
			last--;
		if (first >= last)
			return first;
		entry = entries[first];
		entries[first] = entries[last];
		entries[last] = entry;
	}
}

/* Quicksort, as long as it goes well; else Shell's, which is never bad. */
static void
sort(struct rota__heap_entry *entries, uint32_t n, int depth)
{
	uint32_t gap;

	while (n > SORT_FEW && depth-- > 0) {
		uint32_t middle = part(entries, n);

		sort(entries + middle, n - middle, depth);
		n = middle;
	}
	for (gap = n; n > SORT_FEW && gap > 2;) {
		gap = gap / 3 + 1;
		sort_by_gap(entries, n, gap);
	}
	sort_by_gap(entries, n, 1);
}

void
rota__heap_sort(struct rota__heap_entry *entries, uint32_t n)
{
	sort(entries, n, SORT_DEPTH);
}
