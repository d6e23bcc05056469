/* SPDX-License-Identifier: MIT */
/*
 * What the requests of rota/crypto.h need of a library: crypto_openssl.c, or
 * crypto_none.c in a build without. All of it works at once, in any thread.
 */
#ifndef ROTA_POOL_CRYPTO_H
#define ROTA_POOL_CRYPTO_H

#include "core/sys.h"
#include "rota/crypto.h"

/* As rota_hasher_create(), with memory of that table. */
int rota__hasher_make(const struct rota_sys *sys, const char *algorithm,
	const void *key, size_t key_bytes, struct rota_hasher **ret_hasher);

/* Finds a hash algorithm; -ENOTSUP, -ENOSYS. */
int rota__crypto_find(const char *name, const void **ret_algorithm);

/* 0, -EINVAL or -ENOSYS: can a key be made so? */
int rota__scrypt_check(const struct rota_scrypt_cost *cost);

/* Makes the key; the numbers have been checked. */
int rota__pbkdf2(const struct rota_derive *derive);
int rota__scrypt(const struct rota_derive *derive);

#endif
