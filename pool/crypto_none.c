/* SPDX-License-Identifier: MIT */
/* No cryptography: this build has no OpenSSL. */
#include <errno.h>

#include "pool/crypto.h"

int
rota__hasher_make(const struct rota_sys *sys, const char *algorithm,
	const void *key, size_t key_bytes, struct rota_hasher **ret_hasher)
{
	(void)sys;
	(void)algorithm;
	(void)key;
	(void)key_bytes;
	(void)ret_hasher;
	return -ENOSYS;
}

int
rota_hasher_create(const char *algorithm, const void *key, size_t key_bytes,
	struct rota_hasher **ret_hasher)
{
	(void)key;
	(void)key_bytes;
	return algorithm == NULL || ret_hasher == NULL ? -EINVAL : -ENOSYS;
}

int
rota_hasher_add(struct rota_hasher *hasher, const void *data, size_t n_bytes)
{
	(void)hasher;
	(void)data;
	(void)n_bytes;
	return -EINVAL;
}

int
rota_hasher_finish(struct rota_hasher *hasher, void *sum)
{
	(void)hasher;
	(void)sum;
	return -EINVAL;
}

void
rota_hasher_free(struct rota_hasher *hasher)
{
	(void)hasher;
}

int
rota__crypto_find(const char *name, const void **ret_algorithm)
{
	(void)name;
	(void)ret_algorithm;
	return -ENOSYS;
}

int
rota__scrypt_check(const struct rota_scrypt_cost *cost)
{
	(void)cost;
	return -ENOSYS;
}

int
rota__pbkdf2(const struct rota_derive *derive)
{
	(void)derive;
	return -ENOSYS;
}

int
rota__scrypt(const struct rota_derive *derive)
{
	(void)derive;
	return -ENOSYS;
}

const char *
rota_crypto_version(void)
{
	return NULL;
}
