/* SPDX-License-Identifier: MIT */
/*
 * What the requests of rota/crypto.h need, from OpenSSL 1.1.1 or later: only
 * functions that all of these have, and that none of them calls deprecated.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "pool/crypto.h"

/* RFC 7914, section 2. */
#define MAX_SCRYPT_PRODUCT (1u << 30)

/* A sum with a key is what EVP calls a signature. */
struct rota_hasher {
	const struct rota_sys *sys;
	EVP_MD_CTX *context;
	EVP_PKEY *key;
	unsigned n_bytes;
	int is_finished;
};

/*
 * The program's own errors in this thread's list stay: each of our calls sets
 * a mark first.
 */
static int
fail(void)
{
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	(void)ERR_pop_to_mark();
	return reason == ERR_R_MALLOC_FAILURE ? -ENOMEM : -EIO;
}

static int
succeed(void)
{
	(void)ERR_pop_to_mark();
	return 0;
}

int
rota__crypto_find(const char *name, const void **ret_algorithm)
{
	const EVP_MD *found;

	(void)ERR_set_mark();
	found = EVP_get_digestbyname(name);
	(void)ERR_pop_to_mark();
	if (found == NULL || EVP_MD_size(found) <= 0 ||
		EVP_MD_size(found) > ROTA_HASH_MAX_BYTES ||
		EVP_MD_flags(found) & EVP_MD_FLAG_XOF)
		return -ENOTSUP;
	*ret_algorithm = found;
	return 0;
}

static int
begin(struct rota_hasher *hasher, const EVP_MD *algorithm, const void *key,
	size_t key_bytes)
{
	hasher->context = EVP_MD_CTX_new();
	if (hasher->context == NULL)
		return fail();
	if (key == NULL) {
		if (EVP_DigestInit_ex(hasher->context, algorithm, NULL) == 1)
			return succeed();
		/* Known by name, but its provider is not loaded. */
		return fail() == -ENOMEM ? -ENOMEM : -ENOTSUP;
	}
	hasher->key = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_HMAC, NULL, key, key_bytes);
	if (hasher->key == NULL)
		return fail();
	if (EVP_DigestSignInit(
		    hasher->context, NULL, algorithm, NULL, hasher->key) == 1)
		return succeed();
	return fail() == -ENOMEM ? -ENOMEM : -ENOTSUP;
}

int
rota__hasher_make(const struct rota_sys *sys, const char *algorithm,
	const void *key, size_t key_bytes, struct rota_hasher **ret_hasher)
{
	struct rota_hasher *hasher;
	const void *found;
	int r = rota__crypto_find(algorithm, &found);

	if (r < 0)
		return r;
	hasher = sys->realloc(NULL, sizeof(*hasher));
	if (hasher == NULL)
		return -ENOMEM;
	memset(hasher, 0, sizeof(*hasher));
	hasher->sys = sys;
	hasher->n_bytes = (unsigned)EVP_MD_size((const EVP_MD *)found);
	(void)ERR_set_mark();
	r = begin(hasher, found, key, key_bytes);
	if (r < 0) {
		rota_hasher_free(hasher);
		return r;
	}
	*ret_hasher = hasher;
	return 0;
}

int
rota_hasher_create(const char *algorithm, const void *key, size_t key_bytes,
	struct rota_hasher **ret_hasher)
{
	if (algorithm == NULL || ret_hasher == NULL)
		return -EINVAL;
	return rota__hasher_make(
		&rota__sys_real, algorithm, key, key_bytes, ret_hasher);
}

int
rota_hasher_add(struct rota_hasher *hasher, const void *data, size_t n_bytes)
{
	int r;

	if (hasher == NULL || (data == NULL && n_bytes != 0) ||
		hasher->is_finished)
		return -EINVAL;
	if (n_bytes == 0)
		return 0;
	(void)ERR_set_mark();
	r = hasher->key != NULL ?
		EVP_DigestSignUpdate(hasher->context, data, n_bytes) :
		EVP_DigestUpdate(hasher->context, data, n_bytes);
	return r == 1 ? succeed() : fail();
}

int
rota_hasher_finish(struct rota_hasher *hasher, void *sum)
{
	size_t n;
	int r;

	if (hasher == NULL || sum == NULL || hasher->is_finished)
		return -EINVAL;
	hasher->is_finished = 1;
	n = hasher->n_bytes;
	(void)ERR_set_mark();
	r = hasher->key != NULL ?
		EVP_DigestSignFinal(hasher->context, sum, &n) :
		EVP_DigestFinal_ex(hasher->context, sum, NULL);
	if (r != 1)
		return fail();
	(void)succeed();
	return (int)hasher->n_bytes;
}

void
rota_hasher_free(struct rota_hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->context);
	EVP_PKEY_free(hasher->key);
	(void)hasher->sys->realloc(hasher, 0);
}

int
rota__pbkdf2(const struct rota_derive *derive)
{
	int r;

	(void)ERR_set_mark();
	r = PKCS5_PBKDF2_HMAC(derive->password, (int)derive->password_bytes,
		derive->salt, (int)derive->salt_bytes, (int)derive->cost,
		derive->algorithm, (int)derive->key_bytes, derive->key);
	return r == 1 ? succeed() : fail();
}

int
rota__scrypt(const struct rota_derive *derive)
{
	int r;

	(void)ERR_set_mark();
	r = EVP_PBE_scrypt(derive->password, derive->password_bytes,
		derive->salt, derive->salt_bytes, derive->cost,
		derive->block_size, derive->parallelization,
		derive->max_memory_bytes, derive->key, derive->key_bytes);
	return r == 1 ? succeed() : fail();
}

/* Without a key it only looks at the numbers. */
int
rota__scrypt_check(const struct rota_scrypt_cost *cost)
{
	int r;

	if (cost->cost < 2 || cost->cost & (cost->cost - 1) ||
		cost->block_size == 0 || cost->parallelization == 0 ||
		cost->block_size > MAX_SCRYPT_PRODUCT ||
		cost->parallelization > MAX_SCRYPT_PRODUCT / cost->block_size)
		return -EINVAL;
	(void)ERR_set_mark();
	r = EVP_PBE_scrypt("", 0, (const unsigned char *)"", 0, cost->cost,
		cost->block_size, cost->parallelization, cost->max_memory_bytes,
		NULL, 0);
	(void)ERR_pop_to_mark();
	return r == 1 ? 0 : -EINVAL;
}

const char *
rota_crypto_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION);
}
