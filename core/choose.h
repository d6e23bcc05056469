/* SPDX-License-Identifier: MIT */
/* The choice of a backend for a loop. */
#ifndef ROTA_CORE_CHOOSE_H
#define ROTA_CORE_CHOOSE_H

#include "core/loop.h"

/*
 * Opens the first backend of a list of names ("kqueue,poll") that works; of
 * all if the list is NULL or empty.
 */
int rota__choose_backend(struct rota_loop *loop, const char *names);

#endif
