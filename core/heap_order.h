/* SPDX-License-Identifier: MIT */
/* The order of entries in the timer heap, see heap.h. */
#ifndef ROTA_CORE_HEAP_ORDER_H
#define ROTA_CORE_HEAP_ORDER_H

#include "core/heap.h"

/* For entries of one key: by the start, but a stale one goes first. */
int rota__entry_is_before_equal(
	const struct rota__heap_entry *a, const struct rota__heap_entry *b);

/* Equal keys are rare, hence out of line. */
static inline int
rota__entry_is_before(
	const struct rota__heap_entry *a, const struct rota__heap_entry *b)
{
	if (a->key_ns != b->key_ns)
		return a->key_ns < b->key_ns;
	return rota__entry_is_before_equal(a, b);
}

/* Brings n entries into order. */
void rota__heap_sort(struct rota__heap_entry *entries, uint32_t n);

#endif
