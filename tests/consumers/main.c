/* SPDX-License-Identifier: MIT */
/*
 * Little of a program, but it asks for all that rota may be linked with:
 * threads, and the libraries of others, if they are in the build.
 */
#include <rota.h>

int
main(void)
{
	struct rota_loop *loop;
	struct rota_pool *pool;

	(void)rota_crypto_version();
	(void)rota_resolver_version();
	if (rota_loop_create(NULL, &loop) < 0 || rota_pool_default(&pool) < 0)
		return 1;
	if (rota_pool_close(pool, ROTA_FOREVER) < 0)
		return 1;
	return rota_loop_close(loop) < 0;
}
