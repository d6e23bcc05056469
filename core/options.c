/* SPDX-License-Identifier: MIT */
/* Options from the environment: the one file that reads it, when asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rota/loop.h"
#include "rota/pool.h"

/* A number from 1 to max; 0 if it is none. */
static unsigned
number_of(const char *value, unsigned max)
{
	unsigned long number;

	if (value[strspn(value, "0123456789")] != '\0')
		return 0;
	number = strtoul(value, NULL, 10);
	return number <= max ? (unsigned)number : 0;
}

static int
is_set(const char *value)
{
	return value != NULL && *value != '\0';
}

int
rota_options_from_env(struct rota_loop_options *options)
{
	const char *backend;
	const char *measure;
	const char *threads;

	if (options == NULL || options->size != sizeof(*options))
		return -EINVAL;
	backend = getenv("ROTA_BACKEND");
	measure = getenv("ROTA_MEASURE");
	threads = getenv("ROTA_POOL_THREADS");
	if (is_set(backend) &&
		strlen(backend) >= sizeof(options->backend_from_env))
		return -EINVAL;
	if (is_set(measure) && strcmp(measure, "0") != 0 &&
		strcmp(measure, "1") != 0)
		return -EINVAL;
	if (is_set(threads) && number_of(threads, ROTA_POOL_MAX_THREADS) == 0)
		return -EINVAL;
	if (is_set(backend)) {
		memcpy(options->backend_from_env, backend, strlen(backend) + 1);
		options->backend = options->backend_from_env;
	}
	if (is_set(measure))
		options->measure = *measure == '1';
	if (is_set(threads))
		options->pool_threads =
			number_of(threads, ROTA_POOL_MAX_THREADS);
	return 0;
}
