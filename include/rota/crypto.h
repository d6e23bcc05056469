/* SPDX-License-Identifier: MIT */
/*
 * Hash sums, keys and random bytes, computed by threads of the pool's lane
 * ROTA_LANE_CPU. The computing is done by the library OpenSSL; in a build
 * without it all functions but rota_random_start() return -ENOSYS. Random
 * bytes are the system's in any case.
 *
 * Each function that takes a loop and an `fn` is a request as all others
 * (rota/request.h). With `fn` NULL it does its work at once, in this thread,
 * and returns the status; loop may be NULL then.
 *
 * A cancel or a deadline breaks off a hash sum after the piece in hand, at
 * most 128 KiB of data. A key, once begun, is computed to its end, but still
 * told as cancelled.
 */
#ifndef ROTA_CRYPTO_H
#define ROTA_CRYPTO_H

#include <rota/loop.h>
#include <rota/pool.h>
#include <rota/types.h>

ROTA_BEGIN_C

struct iovec;
struct rota_hash;
struct rota_hasher;

/* The longest sum there is, of "sha512". */
#define ROTA_HASH_MAX_BYTES 64
/* Such a sum as text, with its final 0. */
#define ROTA_HASH_TEXT_BYTES (2 * ROTA_HASH_MAX_BYTES + 1)

/*
 * Sums step by step, for data that comes in pieces.
 *
 * rota_hasher_create() begins a sum, of a message alone or with a key (HMAC).
 * rota_hasher_add() adds a piece to the message. rota_hasher_finish() writes
 * the sum and returns its bytes; after it only rota_hasher_free() is left.
 *
 * shape: algorithm is a name that OpenSSL knows: "sha256", "sha512",
 *	"sha3-256", "blake2b512", "md5" and so on. key NULL for no key; with a
 *	key of no bytes it must not be NULL. sum has room for
 *	ROTA_HASH_MAX_BYTES.
 * errors: -EINVAL an argument is NULL, or add or finish after finish;
 *	-ENOTSUP the algorithm is not known, or its sums have no size of their
 *	own; -ENOMEM; -EIO OpenSSL has failed; -ENOSYS. *ret_hasher and *sum
 *	are untouched then.
 * when: any thread, one at a time.
 * source: EVP_DigestInit(3), RFC 2104.
 */
ROTA_API int rota_hasher_create(const char *algorithm, const void *key,
	size_t key_bytes, struct rota_hasher **ret_hasher);
ROTA_API int rota_hasher_add(
	struct rota_hasher *hasher, const void *data, size_t n_bytes);
ROTA_API int rota_hasher_finish(struct rota_hasher *hasher, void *sum);
/* Frees one, finished or not; NULL is fine. */
ROTA_API void rota_hasher_free(struct rota_hasher *hasher);

typedef void rota_hash_fn(struct rota_hash *hash, int status);

/* The sum of some buffers, or of a file. */
struct rota_hash {
	struct rota_job job;

	/* The sum, if the status is 0. */
	unsigned char sum[ROTA_HASH_MAX_BYTES];
	unsigned n_bytes;

	/* Private from here on. */
	int fd;
	rota_hash_fn *fn;
	struct rota_hasher *hasher;
	const struct rota_sys *sys;
	const struct iovec *buffers;
	unsigned n_buffers;
	int spare_int;
	char *path;
	/* Atomic. */
	uint64_t done_bytes;
	void *spare[2];
};

/*
 * Computes the sum of n buffers, one after the other.
 *
 * shape: hash need not be initialised but for job.request.data. The array of
 *	buffers and their bytes must stay as they are until `fn` is called;
 *	algorithm and key as in rota_hasher_create(), only read in the call.
 * errors: -EINVAL loop (with `fn`), hash or algorithm is NULL, or buffers is
 *	and n is not 0; those of rota_hasher_create() and of the pool. Nothing
 *	begins then. Status: -EIO OpenSSL has failed; -ECANCELED; -ETIMEDOUT.
 * when: the loop's thread; without a loop any.
 */
ROTA_API int rota_hash_buffers_at(struct rota_loop *loop,
	struct rota_hash *hash, const char *algorithm, const void *key,
	size_t key_bytes, const struct iovec *buffers, unsigned n,
	rota_hash_fn *fn, const char *place);
#define rota_hash_buffers(loop, hash, algorithm, buffers, n, fn) \
	rota_hash_buffers_at(loop, hash, algorithm, NULL, 0, buffers, n, fn, \
		ROTA_PLACE(fn))
#define rota_hmac_buffers( \
	loop, hash, algorithm, key, key_bytes, buffers, n, fn) \
	rota_hash_buffers_at(loop, hash, algorithm, key, key_bytes, buffers, \
		n, fn, ROTA_PLACE(fn))

/*
 * Computes the sum of what a file holds: of a path, or of what a read of a
 * descriptor gives from where it stands to the end. Opening, reading and
 * closing of a path are done by the thread.
 *
 * shape: path is copied. The descriptor must stay open and should block; it
 *	stays the caller's.
 * errors: -EINVAL also if path is NULL; -EBADF fd is negative. As status also
 *	those of open(2) and read(2): -ENOENT, -EISDIR and so on.
 * when: as rota_hash_buffers().
 */
ROTA_API int rota_hash_file_at(struct rota_loop *loop, struct rota_hash *hash,
	const char *algorithm, const void *key, size_t key_bytes,
	const char *path, rota_hash_fn *fn, const char *place);
#define rota_hash_file(loop, hash, algorithm, path, fn) \
	rota_hash_file_at( \
		loop, hash, algorithm, NULL, 0, path, fn, ROTA_PLACE(fn))
#define rota_hmac_file(loop, hash, algorithm, key, key_bytes, path, fn) \
	rota_hash_file_at(loop, hash, algorithm, key, key_bytes, path, fn, \
		ROTA_PLACE(fn))
ROTA_API int rota_hash_fd_at(struct rota_loop *loop, struct rota_hash *hash,
	const char *algorithm, const void *key, size_t key_bytes, int fd,
	rota_hash_fn *fn, const char *place);
#define rota_hash_fd(loop, hash, algorithm, fd, fn) \
	rota_hash_fd_at(loop, hash, algorithm, NULL, 0, fd, fn, ROTA_PLACE(fn))
#define rota_hmac_fd(loop, hash, algorithm, key, key_bytes, fd, fn) \
	rota_hash_fd_at( \
		loop, hash, algorithm, key, key_bytes, fd, fn, ROTA_PLACE(fn))

/*
 * Tells how many bytes of the message are in the sum so far; 0 for NULL.
 * when: any thread, from the start on.
 */
ROTA_API uint64_t rota_hash_progress(const struct rota_hash *hash);

/*
 * Writes a sum as hexadecimal digits.
 * shape: text has room for 2 * n_bytes + 1.
 * errors: -EINVAL an argument is NULL.
 * when: any thread.
 */
ROTA_API int rota_hash_text(const void *sum, size_t n_bytes, char *text);

struct rota_derive;

typedef void rota_derive_fn(struct rota_derive *derive, int status);

/* A key from a password. */
struct rota_derive {
	struct rota_job job;

	/* Private from here on. */
	rota_derive_fn *fn;
	const void *password;
	size_t password_bytes;
	const void *salt;
	size_t salt_bytes;
	void *key;
	size_t key_bytes;
	const void *algorithm;
	uint64_t cost;
	uint64_t block_size;
	uint64_t parallelization;
	uint64_t max_memory_bytes;
	void *spare[2];
};

/* What a key is made of. */
struct rota_secret {
	const void *password;
	size_t password_bytes;
	const void *salt;
	size_t salt_bytes;
};

/*
 * Derives a key by PBKDF2 with HMAC.
 *
 * shape: derive need not be initialised but for job.request.data. secret is
 *	read in the call, what it points to must stay until `fn` is called;
 *	so must the room for the key, which is undefined unless the status is
 *	0. The algorithm is one of rota_hasher_create().
 * unit: iterations from 1 to 2^31 - 1; key_bytes from 1 to 2^31 - 1.
 * errors: -EINVAL loop (with `fn`) or another pointer is NULL (a password or
 *	salt of no bytes may be), a number is out of range; -ENOTSUP the
 *	algorithm is not known; those of the pool; -ENOSYS. Nothing begins
 *	then. Status: -EIO OpenSSL has failed; -ENOMEM; -ECANCELED; -ETIMEDOUT.
 * when: the loop's thread; without a loop any.
 * source: RFC 8018, section 5.2.
 */
ROTA_API int rota_pbkdf2_at(struct rota_loop *loop, struct rota_derive *derive,
	const char *algorithm, const struct rota_secret *secret,
	unsigned iterations, void *key, size_t key_bytes, rota_derive_fn *fn,
	const char *place);
#define rota_pbkdf2( \
	loop, derive, algorithm, secret, iterations, key, key_bytes, fn) \
	rota_pbkdf2_at(loop, derive, algorithm, secret, iterations, key, \
		key_bytes, fn, ROTA_PLACE(fn))

/* How much work scrypt is, RFC 7914: N, r and p. */
struct rota_scrypt_cost {
	/* A power of two, at least 2. */
	uint64_t cost;
	uint64_t block_size;
	uint64_t parallelization;
	/*
	 * How much memory it may take, which is some more than 128 * cost *
	 * block_size bytes; 0 for 32 MiB.
	 */
	uint64_t max_memory_bytes;
};

/*
 * Derives a key by scrypt.
 *
 * shape, when: as rota_pbkdf2(). cost is read in the call.
 * errors: as rota_pbkdf2(); -EINVAL also numbers of the cost that scrypt does
 *	not take, or too large for max_memory_bytes.
 * source: RFC 7914.
 */
ROTA_API int rota_scrypt_at(struct rota_loop *loop, struct rota_derive *derive,
	const struct rota_secret *secret, const struct rota_scrypt_cost *cost,
	void *key, size_t key_bytes, rota_derive_fn *fn, const char *place);
#define rota_scrypt(loop, derive, secret, cost, key, key_bytes, fn) \
	rota_scrypt_at(loop, derive, secret, cost, key, key_bytes, fn, \
		ROTA_PLACE(fn))

struct rota_random;

typedef void rota_random_fn(struct rota_random *random, int status);

/* Random bytes. */
struct rota_random {
	struct rota_job job;

	/* Private from here on. */
	rota_random_fn *fn;
	const struct rota_sys *sys;
	void *bytes;
	size_t n_bytes;
};

/*
 * Fills memory with random bytes of the system, fit for keys. Only at the
 * very start of a system this can last; in the usual case the call with `fn`
 * NULL is the better one.
 *
 * shape: random need not be initialised but for job.request.data. The memory
 *	must stay until `fn` is called, and is undefined unless the status is 0.
 * errors: -EINVAL loop (with `fn`) or random is NULL, or bytes is and n_bytes
 *	is not 0; those of the pool. Nothing begins then. Status: those of
 *	getrandom(2); -ECANCELED; -ETIMEDOUT.
 * when: the loop's thread; without a loop any.
 * source: getrandom(2), arc4random(3), getentropy(3).
 */
ROTA_API int rota_random_start_at(struct rota_loop *loop,
	struct rota_random *random, void *bytes, size_t n_bytes,
	rota_random_fn *fn, const char *place);
#define rota_random_start(loop, random, bytes, n_bytes, fn) \
	rota_random_start_at(loop, random, bytes, n_bytes, fn, ROTA_PLACE(fn))

/* Returns the version of OpenSSL, as "OpenSSL 3.0.2"; NULL without it. */
ROTA_API const char *rota_crypto_version(void);

ROTA_END_C

#endif
