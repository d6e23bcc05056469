/* SPDX-License-Identifier: MIT */
/*
 * Hash sums, keys and random bytes: against the examples of the standards, in
 * every way to ask for them. A build without OpenSSL has other tests.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/faults.h"
#include "tests/harness.h"

#define MS ROTA_MILLISECOND
#define MIB ((size_t)1 << 20)

/* FIPS 180-4, "abc"; of nothing; of a million times "a". */
#define SHA256_ABC \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA256_NOTHING \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_MILLION \
	"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
/* RFC 4231, case 2. */
#define HMAC_KEY "Jefe"
#define HMAC_TEXT "what do ya want for nothing?"
#define HMAC_SUM \
	"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

static int last_status;
static unsigned n_told;

static void
on_hash(struct rota_hash *hash, int status)
{
	(void)hash;
	last_status = status;
	n_told++;
	trace('H');
}

static void
on_derive(struct rota_derive *derive, int status)
{
	(void)derive;
	last_status = status;
	n_told++;
	trace('D');
}

static void
on_random(struct rota_random *random, int status)
{
	(void)random;
	last_status = status;
	n_told++;
	trace('R');
}

static void
ck_sum(const struct rota_hash *hash, const char *expected)
{
	char text[ROTA_HASH_TEXT_BYTES];

	ck_ok(rota_hash_text(hash->sum, hash->n_bytes, text));
	ck_assert_str_eq(text, expected);
}

/* Makes a file in TMPDIR; the test removes it. */
static const char *
make_file(const void *bytes, size_t n)
{
	static char path[256];
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/rota-crypto-XXXXXX",
		dir != NULL ? dir : "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, bytes, n), (int)n);
	ck_assert_int_eq(close(fd), 0);
	return path;
}

/* Hash sums ***********************************************************/

LOOP_TEST(buffers_are_summed_up_by_a_thread)
{
	const struct iovec buffers[] = {
		{ (void *)"a", 1 },
		{ NULL, 0 },
		{ (void *)"bc", 2 },
	};
	struct rota_hash hash;

	ck_ok(rota_hash_buffers(loop, &hash, "sha256", buffers, 3, on_hash));
	ck_trace("");
	run_to_the_end();
	ck_trace("H");
	ck_err(last_status, 0);
	ck_assert_uint_eq(hash.n_bytes, 32);
	ck_sum(&hash, SHA256_ABC);
	ck_assert_uint_eq(rota_hash_progress(&hash), 3);
	ck_ok(rota_hash_buffers(loop, &hash, "sha256", NULL, 0, on_hash));
	run_to_the_end();
	ck_sum(&hash, SHA256_NOTHING);
}

LOOP_TEST(without_a_callback_sums_are_there_at_once)
{
	const struct iovec buffer = { (void *)"abc", 3 };
	static struct rota_sys sys;
	struct rota_hash hash;

	sys = rota__sys_real;
	sys.thread_start = NULL;
	close_loop();
	harness_open_with(0, &sys);
	ck_ok(rota_hash_buffers(loop, &hash, "sha256", &buffer, 1, NULL));
	ck_sum(&hash, SHA256_ABC);
	ck_ok(rota_hash_buffers(NULL, &hash, "SHA256", &buffer, 1, NULL));
	ck_sum(&hash, SHA256_ABC);
}

/* The sums are those of the standards that the names stand for. */
START_TEST(algorithms_have_names)
{
	static const struct {
		const char *name;
		const char *sum;
	} cases[] = {
		{ "md5", "900150983cd24fb0d6963f7d28e17f72" },
		{ "sha1", "a9993e364706816aba3e25717850c26c9cd0d89d" },
		{ "sha224",
			"23097d223405d8228642a477bda255b32aadbce4bda0b3f7e3"
			"6c9da7" },
		{ "sha512",
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a"
			"9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d"
			"4423643ce80e2a9ac94fa54ca49f" },
		{ "sha3-256",
			"3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b"
			"46bfe24511431532" },
	};
	const struct iovec buffer = { (void *)"abc", 3 };
	struct rota_hash hash;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_ok(rota_hash_buffers(
			NULL, &hash, cases[i].name, &buffer, 1, NULL));
		ck_sum(&hash, cases[i].sum);
	}
	ck_err(rota_hash_buffers(NULL, &hash, "no-such", &buffer, 1, NULL),
		-ENOTSUP);
	/* Its sums may have any size. */
	ck_err(rota_hash_buffers(NULL, &hash, "shake128", &buffer, 1, NULL),
		-ENOTSUP);
}
END_TEST

LOOP_TEST(a_sum_may_have_a_key)
{
	const struct iovec buffer = { (void *)HMAC_TEXT, strlen(HMAC_TEXT) };
	const char *path = make_file(HMAC_TEXT, strlen(HMAC_TEXT));
	struct rota_hash hash;
	int fd = open(path, O_RDONLY);

	ck_ok(rota_hmac_buffers(
		loop, &hash, "sha256", HMAC_KEY, 4, &buffer, 1, on_hash));
	run_to_the_end();
	ck_sum(&hash, HMAC_SUM);
	ck_ok(rota_hmac_file(
		loop, &hash, "sha256", HMAC_KEY, 4, path, on_hash));
	run_to_the_end();
	ck_sum(&hash, HMAC_SUM);
	ck_ok(rota_hmac_fd(loop, &hash, "sha256", HMAC_KEY, 4, fd, on_hash));
	run_to_the_end();
	ck_sum(&hash, HMAC_SUM);
	ck_ok(rota_hmac_buffers(
		loop, &hash, "sha256", "", 0, NULL, 0, on_hash));
	run_to_the_end();
	ck_sum(&hash,
		"b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292"
		"c5ad");
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
}

LOOP_TEST(files_are_read_to_their_end)
{
	char *text = malloc(1000000);
	const char *path;
	struct rota_hash hash;
	int fd;

	memset(text, 'a', 1000000);
	path = make_file(text, 1000000);
	free(text);
	fd = open(path, O_RDONLY);
	ck_ok(rota_hash_file(loop, &hash, "sha256", path, on_hash));
	run_to_the_end();
	ck_err(last_status, 0);
	ck_sum(&hash, SHA256_MILLION);
	ck_assert_uint_eq(rota_hash_progress(&hash), 1000000);
	ck_ok(rota_hash_fd(loop, &hash, "sha256", fd, on_hash));
	run_to_the_end();
	ck_sum(&hash, SHA256_MILLION);
	/* It stands at its end, and is still open. */
	ck_ok(rota_hash_fd(loop, &hash, "sha256", fd, NULL));
	ck_sum(&hash, SHA256_NOTHING);
	ck_ok(rota_hash_file(NULL, &hash, "sha256", path, NULL));
	ck_sum(&hash, SHA256_MILLION);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(unlink(path), 0);
}

LOOP_TEST(what_cannot_be_read_is_told)
{
	struct rota_hash hash;

	ck_ok(rota_hash_file(loop, &hash, "sha256", "/no/such", on_hash));
	run_to_the_end();
	ck_err(last_status, -ENOENT);
	ck_err(rota_hash_file(NULL, &hash, "sha256", "/no/such", NULL),
		-ENOENT);
	ck_ok(rota_hash_file(loop, &hash, "sha256", "/", on_hash));
	run_to_the_end();
	ck_err(last_status, -EISDIR);
	ck_ok(rota_hash_fd(loop, &hash, "sha256", 4000, on_hash));
	run_to_the_end();
	ck_err(last_status, -EBADF);
}

/* /dev/zero has no end: only a cancel or a deadline ends its sum. */
LOOP_TEST(a_sum_that_runs_can_be_cancelled)
{
	struct rota_hash hash;
	uint64_t seen = 0;

	n_told = 0;
	ck_ok(rota_hash_file(loop, &hash, "sha256", "/dev/zero", on_hash));
	while (seen == 0)
		seen = rota_hash_progress(&hash);
	while (rota_hash_progress(&hash) == seen)
		continue;
	ck_ok(rota_request_cancel(&hash.job.request));
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	ck_ok(rota_hash_file(loop, &hash, "sha256", "/dev/zero", on_hash));
	ck_ok(rota_request_set_deadline(&hash.job.request, 5 * MS));
	run_to_the_end();
	ck_err(last_status, -ETIMEDOUT);
	ck_assert_uint_eq(n_told, 2);
}

LOOP_TEST(a_sum_of_long_buffers_can_be_cancelled)
{
	enum {
		N = 512
	};
	static struct iovec buffers[N];
	char *zeros = calloc(1, MIB);
	struct rota_hash hash;

	for (int i = 0; i < N; i++)
		buffers[i] = (struct iovec){ zeros, MIB };
	ck_ok(rota_hash_buffers(loop, &hash, "sha512", buffers, N, on_hash));
	while (rota_hash_progress(&hash) == 0)
		continue;
	ck_ok(rota_request_cancel(&hash.job.request));
	run_to_the_end();
	ck_err(last_status, -ECANCELED);
	ck_assert_uint_lt(rota_hash_progress(&hash), N * MIB);
	free(zeros);
}

START_TEST(pieces_make_the_same_sum)
{
	struct rota_hasher *hasher = NULL;
	struct rota_hash hash;

	ck_ok(rota_hasher_create("sha256", NULL, 0, &hasher));
	ck_ok(rota_hasher_add(hasher, "a", 1));
	ck_ok(rota_hasher_add(hasher, NULL, 0));
	ck_ok(rota_hasher_add(hasher, "bc", 2));
	ck_err(rota_hasher_finish(hasher, hash.sum), 32);
	hash.n_bytes = 32;
	ck_sum(&hash, SHA256_ABC);
	ck_err(rota_hasher_add(hasher, "d", 1), -EINVAL);
	ck_err(rota_hasher_finish(hasher, hash.sum), -EINVAL);
	rota_hasher_free(hasher);
	ck_ok(rota_hasher_create("sha256", HMAC_KEY, 4, &hasher));
	ck_ok(rota_hasher_add(hasher, HMAC_TEXT, strlen(HMAC_TEXT)));
	ck_err(rota_hasher_finish(hasher, hash.sum), 32);
	ck_sum(&hash, HMAC_SUM);
	rota_hasher_free(hasher);
	rota_hasher_free(NULL);
	ck_err(rota_hasher_create("no-such", NULL, 0, &hasher), -ENOTSUP);
}
END_TEST

/* Keys ****************************************************************/

#define SECRET(password, salt) \
	{ \
		(password), strlen(password), (salt), strlen(salt) \
	}

static void
ck_key(const void *key, size_t n_bytes, const char *expected)
{
	char text[257];

	ck_assert_uint_le(n_bytes, 128);
	ck_ok(rota_hash_text(key, n_bytes, text));
	ck_assert_str_eq(text, expected);
}

/* RFC 6070; and the same for SHA-256, RFC 7914, section 11. */
LOOP_TEST(keys_are_derived_by_pbkdf2)
{
	const struct rota_secret secret = SECRET("password", "salt");
	const struct rota_secret other = SECRET("passwd", "salt");
	struct rota_derive derive;
	unsigned char key[64];

	ck_ok(rota_pbkdf2(
		loop, &derive, "sha1", &secret, 4096, key, 20, on_derive));
	ck_trace("");
	run_to_the_end();
	ck_err(last_status, 0);
	ck_key(key, 20, "4b007901b765489abead49d926f721d065a429c1");
	ck_ok(rota_pbkdf2(NULL, &derive, "sha1", &secret, 1, key, 20, NULL));
	ck_key(key, 20, "0c60c80f961f0e71f3a9b524af6012062fe037a6");
	ck_ok(rota_pbkdf2(loop, &derive, "sha256", &other, 1, key, 64, NULL));
	ck_key(key, 64,
		"55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20d"
		"acbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041"
		"d3a19783");
	ck_err(rota_pbkdf2(
		       loop, &derive, "no-such", &other, 1, key, 64, on_derive),
		-ENOTSUP);
}

/* RFC 7914, section 12. */
LOOP_TEST(keys_are_derived_by_scrypt)
{
	const struct rota_secret nothing = { NULL, 0, NULL, 0 };
	const struct rota_secret secret = SECRET("password", "NaCl");
	const struct rota_scrypt_cost least = { 16, 1, 1, 0 };
	const struct rota_scrypt_cost more = { 1024, 8, 16, 0 };
	struct rota_derive derive;
	unsigned char key[64];

	ck_ok(rota_scrypt(loop, &derive, &nothing, &least, key, 64, on_derive));
	ck_trace("");
	run_to_the_end();
	ck_err(last_status, 0);
	ck_key(key, 64,
		"77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede2"
		"1442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c"
		"38d18906");
	ck_ok(rota_scrypt(NULL, &derive, &secret, &more, key, 64, NULL));
	ck_key(key, 64,
		"fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b37"
		"31622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdf"
		"a2cc0640");
}

LOOP_TEST(costs_that_scrypt_does_not_take_are_refused)
{
	static const struct rota_scrypt_cost costs[] = {
		{ 0, 1, 1, 0 },
		{ 1, 1, 1, 0 },
		{ 3, 1, 1, 0 },
		{ 16, 0, 1, 0 },
		{ 16, 1, 0, 0 },
		{ 16, UINT64_MAX, 1, 0 },
		{ 16, 1, UINT64_MAX, 0 },
		{ 16, UINT64_C(1) << 32, UINT64_C(1) << 32, 0 },
		/* Needs more memory than it may take. */
		{ UINT64_C(1) << 20, 8, 1, 0 },
		{ 1024, 8, 1, 1024 },
	};
	const struct rota_secret secret = SECRET("password", "NaCl");
	struct rota_derive derive;
	unsigned char key[64];

	for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		ck_err(rota_scrypt(loop, &derive, &secret, &costs[i], key, 64,
			       on_derive),
			-EINVAL);
		ck_err(rota_scrypt(NULL, &derive, &secret, &costs[i], key, 64,
			       NULL),
			-EINVAL);
	}
}

LOOP_TEST(a_key_may_be_cancelled)
{
	const struct rota_secret secret = SECRET("password", "salt");
	static struct rota_derive derives[16];
	unsigned char keys[16][20];

	n_told = 0;
	for (int i = 0; i < 16; i++)
		ck_ok(rota_pbkdf2(loop, &derives[i], "sha1", &secret, 20000,
			keys[i], 20, on_derive));
	for (int i = 15; i >= 0; i--)
		(void)rota_request_cancel(&derives[i].job.request);
	run_to_the_end();
	ck_assert_uint_eq(n_told, 16);
}

/* Random bytes ********************************************************/

LOOP_TEST(random_bytes_differ)
{
	struct rota_random random;
	unsigned char bytes[1000] = { 0 };
	unsigned char others[1000] = { 0 };
	unsigned n_zero = 0;

	ck_ok(rota_random_start(
		loop, &random, bytes, sizeof(bytes), on_random));
	ck_trace("");
	run_to_the_end();
	ck_trace("R");
	ck_err(last_status, 0);
	ck_ok(rota_random_start(NULL, &random, others, sizeof(others), NULL));
	ck_assert_mem_ne(bytes, others, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		n_zero += bytes[i] == 0;
	/* Four are to be expected. */
	ck_assert_uint_lt(n_zero, 50);
	ck_ok(rota_random_start(loop, &random, NULL, 0, on_random));
	run_to_the_end();
	ck_err(last_status, 0);
}

/* Failing *************************************************************/

/* One run with one failing call. Returns 1 if none failed. */
static int
try_once(int number, unsigned long fail_at)
{
	struct rota_pool_options pool_options = ROTA_POOL_OPTIONS_INIT;
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_pool *pool = NULL;
	struct rota_loop *other = NULL;
	struct rota_random random;
	struct rota_hash hash;
	unsigned n_begun;
	char bytes[8];
	int r;

	options.backend = harness_backend_name(number);
	options.sys = faults_sys();
	pool_options.sys = options.sys;
	ck_ok(rota_pool_create(&pool_options, &pool));
	options.pool = pool;
	ck_ok(rota_loop_create(&options, &other));
	faults_reset();
	faults.fail_at = fail_at;
	n_told = 0;
	n_begun = rota_random_start(
			  other, &random, bytes, sizeof(bytes), on_random) == 0;
	r = rota_hash_file(other, &hash, "sha256", "/dev/null", on_hash);
	n_begun += r == 0;
	ck_assert(r == 0 || r == -ENOSYS || faults.n_failed == 1);
	while (n_told < n_begun)
		(void)rota_loop_run(other, ROTA_RUN_DEFAULT);
	(void)rota_hash_file(other, &hash, "sha256", "/dev/null", NULL);
	r = (int)faults.n_failed;
	faults_reset();
	trace_reset();
	ck_ok(rota_loop_close(other));
	ck_err(rota_pool_close(pool, ROTA_FOREVER), 0);
	ck_assert_int_eq((int)faults.n_blocks, 0);
	return r == 0;
}

START_TEST(each_failing_call_is_told_and_leaves_nothing)
{
	unsigned long n = 1;

	while (!try_once(_i, n))
		ck_assert_uint_lt(n++, 500);
	ck_assert_uint_ge(n, 3);
}
END_TEST

/* Without OpenSSL *****************************************************/

LOOP_TEST(without_openssl_only_random_bytes_are_there)
{
	const struct rota_secret secret = SECRET("password", "salt");
	const struct rota_scrypt_cost cost = { 16, 1, 1, 0 };
	struct rota_hasher *hasher = NULL;
	struct rota_derive derive;
	struct rota_hash hash;
	char key[8];

	ck_err(rota_hash_buffers(loop, &hash, "sha256", NULL, 0, on_hash),
		-ENOSYS);
	ck_err(rota_hash_file(loop, &hash, "sha256", "/", on_hash), -ENOSYS);
	ck_err(rota_hash_fd(NULL, &hash, "sha256", 0, NULL), -ENOSYS);
	ck_err(rota_pbkdf2(
		       loop, &derive, "sha1", &secret, 1, key, 8, on_derive),
		-ENOSYS);
	ck_err(rota_scrypt(loop, &derive, &secret, &cost, key, 8, on_derive),
		-ENOSYS);
	ck_err(rota_hasher_create("sha256", NULL, 0, &hasher), -ENOSYS);
	ck_assert_ptr_null(hasher);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "random");

	tcase_add_loop_test(tc, random_bytes_differ);
	tcase_add_loop_test(tc, each_failing_call_is_told_and_leaves_nothing);
	if (rota_crypto_version() == NULL) {
		tcase_add_loop_test(
			tc, without_openssl_only_random_bytes_are_there);
		return;
	}

	tc = harness_case(suite, "hashes");
	tcase_add_loop_test(tc, buffers_are_summed_up_by_a_thread);
	tcase_add_loop_test(tc, without_a_callback_sums_are_there_at_once);
	tcase_add_test(tc, algorithms_have_names);
	tcase_add_loop_test(tc, a_sum_may_have_a_key);
	tcase_add_loop_test(tc, files_are_read_to_their_end);
	tcase_add_loop_test(tc, what_cannot_be_read_is_told);
	tcase_add_loop_test(tc, a_sum_that_runs_can_be_cancelled);
	tcase_add_loop_test(tc, a_sum_of_long_buffers_can_be_cancelled);
	tcase_add_test(tc, pieces_make_the_same_sum);

	tc = harness_case(suite, "keys");
	tcase_add_loop_test(tc, keys_are_derived_by_pbkdf2);
	tcase_add_loop_test(tc, keys_are_derived_by_scrypt);
	tcase_add_loop_test(tc, costs_that_scrypt_does_not_take_are_refused);
	tcase_add_loop_test(tc, a_key_may_be_cancelled);
}

HARNESS_MAIN("crypto", add_cases)
