/* SPDX-License-Identifier: MIT */
/* All backends that rota knows, in the order of preference. */
#include "core/backend.h"

#ifdef HAVE_EPOLL
extern const struct rota__backend rota__backend_epoll;
#define EPOLL &rota__backend_epoll
#else
#define EPOLL NULL
#endif

#ifdef HAVE_KQUEUE
extern const struct rota__backend rota__backend_kqueue;
#define KQUEUE &rota__backend_kqueue
#else
#define KQUEUE NULL
#endif

extern const struct rota__backend rota__backend_poll;
extern const struct rota__backend rota__backend_select;

const struct rota__backend_entry rota__backends[] = {
	{ "epoll", EPOLL },
	{ "kqueue", KQUEUE },
	{ "poll", &rota__backend_poll },
	{ "select", &rota__backend_select },
};

const unsigned rota__n_backends =
	sizeof(rota__backends) / sizeof(rota__backends[0]);
