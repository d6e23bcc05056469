/* SPDX-License-Identifier: MIT */
/* Keys from passwords, see rota/crypto.h. */
#include <errno.h>
#include <limits.h>

#include "core/jobs.h"
#include "pool/crypto.h"
#include "pool/job.h"

static int
run_pbkdf2(struct rota_job *job)
{
	return rota__pbkdf2((const struct rota_derive *)job);
}

static int
run_scrypt(struct rota_job *job)
{
	return rota__scrypt((const struct rota_derive *)job);
}

static void
tell_derive(struct rota_request *request, int status)
{
	struct rota_derive *derive = (struct rota_derive *)request;

	derive->fn(derive, status);
}

static const struct rota__job_type pbkdf2_type = {
	.request = {
		.name = "pbkdf2",
		.size = sizeof(struct rota_derive),
		.cancel = rota__job_cancel,
		.tell = tell_derive,
	},
	.run = run_pbkdf2,
	.lane = ROTA_LANE_CPU,
};

static const struct rota__job_type scrypt_type = {
	.request = {
		.name = "scrypt",
		.size = sizeof(struct rota_derive),
		.cancel = rota__job_cancel,
		.tell = tell_derive,
	},
	.run = run_scrypt,
	.lane = ROTA_LANE_CPU,
};

static int
are_bytes(const void *bytes, size_t n_bytes)
{
	return (bytes != NULL || n_bytes == 0) && n_bytes <= INT_MAX;
}

static int
are_sound(const struct rota_loop *loop, const struct rota_derive *derive,
	const struct rota_secret *secret, const void *key, size_t key_bytes,
	rota_derive_fn *fn)
{
	return derive != NULL && secret != NULL && key != NULL &&
		key_bytes != 0 && key_bytes <= INT_MAX &&
		are_bytes(secret->password, secret->password_bytes) &&
		are_bytes(secret->salt, secret->salt_bytes) &&
		(loop != NULL || fn == NULL);
}

static int
start(struct rota_loop *loop, struct rota_derive *derive,
	const struct rota_secret *secret, const struct rota__job_type *type,
	const char *place)
{
	static const char nothing[1];

	derive->password = secret->password != NULL ? secret->password :
						      nothing;
	derive->password_bytes = secret->password_bytes;
	derive->salt = secret->salt != NULL ? secret->salt : nothing;
	derive->salt_bytes = secret->salt_bytes;
	if (derive->fn == NULL)
		return type->run(&derive->job);
	return rota__job_start(loop, NULL, &derive->job, type, place);
}

int
rota_pbkdf2_at(struct rota_loop *loop, struct rota_derive *derive,
	const char *algorithm, const struct rota_secret *secret,
	unsigned iterations, void *key, size_t key_bytes, rota_derive_fn *fn,
	const char *place)
{
	const void *found;
	int r;

	if (!are_sound(loop, derive, secret, key, key_bytes, fn) ||
		algorithm == NULL || iterations == 0 || iterations > INT_MAX)
		return -EINVAL;
	r = rota__crypto_find(algorithm, &found);
	if (r < 0)
		return r;
	derive->fn = fn;
	derive->algorithm = found;
	derive->cost = iterations;
	derive->key = key;
	derive->key_bytes = key_bytes;
	return start(loop, derive, secret, &pbkdf2_type, place);
}

int
rota_scrypt_at(struct rota_loop *loop, struct rota_derive *derive,
	const struct rota_secret *secret, const struct rota_scrypt_cost *cost,
	void *key, size_t key_bytes, rota_derive_fn *fn, const char *place)
{
	int r;

	if (!are_sound(loop, derive, secret, key, key_bytes, fn) ||
		cost == NULL)
		return -EINVAL;
	r = rota__scrypt_check(cost);
	if (r < 0)
		return r;
	derive->fn = fn;
	derive->cost = cost->cost;
	derive->block_size = cost->block_size;
	derive->parallelization = cost->parallelization;
	derive->max_memory_bytes = cost->max_memory_bytes;
	derive->key = key;
	derive->key_bytes = key_bytes;
	return start(loop, derive, secret, &scrypt_type, place);
}
