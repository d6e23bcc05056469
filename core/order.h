/* SPDX-License-Identifier: MIT */
/*
 * What helgrind cannot see: threads that hand things over by atomic words,
 * without a lock. Nothing of it is left unless configured --enable-helgrind.
 */
#ifndef ROTA_CORE_ORDER_H
#define ROTA_CORE_ORDER_H

#ifdef ROTA_HELGRIND
#include <valgrind/helgrind.h>
/* What this thread wrote is seen by who receives the same address later. */
#define ROTA__SENDS(address) ANNOTATE_HAPPENS_BEFORE(address)
#define ROTA__RECEIVES(address) ANNOTATE_HAPPENS_AFTER(address)
/* Only atomic operations touch this word; and no longer, it is memory. */
#define ROTA__IS_ATOMIC(word) \
	VALGRIND_HG_DISABLE_CHECKING(&(word), sizeof(word))
#define ROTA__IS_PLAIN(word) VALGRIND_HG_ENABLE_CHECKING(&(word), sizeof(word))
#else
#define ROTA__SENDS(address) ((void)(address))
#define ROTA__RECEIVES(address) ((void)(address))
#define ROTA__IS_ATOMIC(word) ((void)(word))
#define ROTA__IS_PLAIN(word) ((void)(word))
#endif

#endif
