/* SPDX-License-Identifier: MIT */
/* Mistakes at the doors of look-ups, resolvers, sums, keys and random bytes. */
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "tests/bad_input.h"
#include "tests/harness.h"

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	(void)lookup;
	(void)status;
	trace('L');
}

static void
on_reverse(struct rota_reverse *reverse, int status)
{
	(void)reverse;
	(void)status;
	trace('R');
}

static void
on_query(struct rota_query *query, int status)
{
	(void)query;
	(void)status;
	trace('Q');
}

static void
on_hash(struct rota_hash *hash, int status)
{
	(void)hash;
	(void)status;
	trace('H');
}

static void
on_derive(struct rota_derive *derive, int status)
{
	(void)derive;
	(void)status;
	trace('D');
}

static void
on_random(struct rota_random *random, int status)
{
	(void)random;
	(void)status;
	trace('R');
}

#define ck_lookup(expected, of, host, service, hints, fn) \
	ck_refused_for(&lookup, \
		rota_lookup_start(of, &lookup, host, service, hints, fn), \
		expected)

LOOP_TEST(look_ups_want_something_that_can_be_looked_up)
{
	static char long_name[2000];
	static const struct rota_lookup_hints wrong[] = {
		{ .family = AF_UNIX },
		{ .family = -1 },
		{ .flags = 1u << 7 },
		{ .flags = UINT_MAX },
	};
	struct rota_lookup lookup;

	memset(&lookup, CANARY, sizeof(lookup));
	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_refused(rota_lookup_start(loop, NULL, "::1", NULL, NULL, on_lookup),
		-EINVAL);
	ck_lookup(-EINVAL, NULL, "::1", "1", NULL, on_lookup);
	ck_lookup(-EINVAL, loop, NULL, NULL, NULL, on_lookup);
	ck_lookup(-EINVAL, loop, NULL, NULL, NULL, NULL);
	ck_lookup(-ENAMETOOLONG, loop, long_name, NULL, NULL, on_lookup);
	ck_lookup(-ENAMETOOLONG, NULL, long_name, NULL, NULL, NULL);
	ck_lookup(-ENAMETOOLONG, loop, NULL, long_name, NULL, on_lookup);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_lookup(-EINVAL, loop, "::1", "1", &wrong[i], on_lookup);
		ck_lookup(-EINVAL, NULL, "::1", "1", &wrong[i], NULL);
	}
	ck_refused(rota_lookup_free(NULL), -EINVAL);
	ck_trace("");
}

LOOP_TEST(names_of_an_address_want_an_address)
{
	const struct sockaddr none = { .sa_family = AF_UNIX };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	const struct sockaddr *known = (const struct sockaddr *)&addr;
	struct rota_reverse reverse;

	memset(&reverse, CANARY, sizeof(reverse));
	ck_refused(
		rota_reverse_start(loop, NULL, known, 0, on_reverse), -EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(NULL, &reverse, known, 0, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, NULL, 0, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, known, 1u << 5, on_reverse),
		-EINVAL);
	ck_refused_for(&reverse,
		rota_reverse_start(loop, &reverse, &none, 0, on_reverse),
		-EAFNOSUPPORT);
	ck_refused_for(&reverse,
		rota_reverse_start(NULL, &reverse, &none, 0, NULL),
		-EAFNOSUPPORT);
	ck_trace("");
}

/* -EINVAL is said before -ENOSYS, but of a resolver that cannot be made. */
static int
refusal(void)
{
	return rota_resolver_version() != NULL ? -EINVAL : -ENOSYS;
}

LOOP_TEST(a_resolver_wants_options_that_make_sense)
{
	struct rota_resolver_options options = ROTA_RESOLVER_OPTIONS_INIT;
	struct rota_resolver resolver = { 0 };
	struct rota_timer timer = { 0 };

	/* The heap of alarms is there from now on. */
	ck_ok(rota_timer_init(loop, &timer));
	ck_refused(rota_resolver_init(NULL, &resolver, NULL), -EINVAL);
	ck_refused(rota_resolver_init(loop, NULL, NULL), -EINVAL);
	options.size--;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.size++;
	options.flags = 1u << 1;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.flags = 0;
	options.timeout_ns = UINT64_MAX;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.timeout_ns = 0;
	options.tries = UINT_MAX;
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.tries = 0;
	options.servers = "";
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	options.servers = "nonsense, 1.2.3";
	ck_refused_for(&resolver, rota_resolver_init(loop, &resolver, &options),
		refusal());
	close_all();
}

static void
ck_resolver_refuses(struct rota_resolver *resolver)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct rota_reverse reverse;
	struct rota_lookup lookup;
	struct rota_query query;

	memset(&lookup, CANARY, sizeof(lookup));
	memset(&query, CANARY, sizeof(query));
	ck_refused_for(&query,
		rota_query_start(
			resolver, &query, "a.test", ROTA_RECORD_A, on_query),
		refusal());
	ck_refused_for(&lookup,
		rota_resolver_lookup(
			resolver, &lookup, "a.test", NULL, NULL, on_lookup),
		refusal());
	ck_refused(rota_resolver_reverse(resolver, &reverse,
			   (const struct sockaddr *)&addr, 0, on_reverse),
		refusal());
}

LOOP_TEST(a_resolver_blank_closing_or_closed_refuses_all)
{
	struct rota_resolver resolver = { 0 };

	ck_resolver_refuses(&resolver);
	if (rota_resolver_init(loop, &resolver, NULL) == -ENOSYS)
		return;
	ck_ok(rota_handle_close(&resolver.handle, on_closed));
	ck_resolver_refuses(&resolver);
	run_to_the_end();
	ck_resolver_refuses(&resolver);
	ck_trace("C");
}

LOOP_TEST(questions_want_all_their_arguments)
{
	static char long_name[2000];
	const struct rota_lookup_hints raw = { .socktype = SOCK_RAW };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	const struct sockaddr *known = (const struct sockaddr *)&addr;
	const struct sockaddr none = { .sa_family = AF_UNIX };
	struct rota_resolver resolver = { 0 };
	struct rota_reverse reverse;
	struct rota_lookup lookup;
	struct rota_query query;

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_refused(rota_query_free(NULL), -EINVAL);
	ck_refused(rota_query_start(
			   NULL, &query, "a.test", ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   NULL, &lookup, "a.test", NULL, NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_reverse(NULL, &reverse, known, 0, on_reverse),
		-EINVAL);
	if (rota_resolver_init(loop, &resolver, NULL) == -ENOSYS)
		return;
	ck_refused(rota_query_start(
			   &resolver, NULL, "a.test", ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_query_start(
			   &resolver, &query, NULL, ROTA_RECORD_A, on_query),
		-EINVAL);
	ck_refused(rota_query_start(
			   &resolver, &query, "a.test", ROTA_RECORD_A, NULL),
		-EINVAL);
	ck_refused(rota_query_start(&resolver, &query, "a.test",
			   (enum rota_record_type)2, on_query),
		-EINVAL);
	ck_refused(rota_query_start(&resolver, &query, long_name, ROTA_RECORD_A,
			   on_query),
		-ENAMETOOLONG);
	ck_refused(rota_resolver_lookup(
			   &resolver, NULL, "a.test", NULL, NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, NULL, "1", NULL, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, "a.test", NULL, NULL, NULL),
		-EINVAL);
	ck_refused(rota_resolver_lookup(
			   &resolver, &lookup, "a.test", NULL, &raw, on_lookup),
		-EINVAL);
	ck_refused(rota_resolver_lookup(&resolver, &lookup, long_name, NULL,
			   NULL, on_lookup),
		-ENAMETOOLONG);
	ck_refused(rota_resolver_reverse(&resolver, NULL, known, 0, on_reverse),
		-EINVAL);
	ck_refused(
		rota_resolver_reverse(&resolver, &reverse, NULL, 0, on_reverse),
		-EINVAL);
	ck_refused(rota_resolver_reverse(&resolver, &reverse, known, 0, NULL),
		-EINVAL);
	ck_refused(rota_resolver_reverse(
			   &resolver, &reverse, known, 1u << 5, on_reverse),
		-EINVAL);
	ck_refused(rota_resolver_reverse(
			   &resolver, &reverse, &none, 0, on_reverse),
		-EAFNOSUPPORT);
	close_all();
	ck_trace("");
}

LOOP_TEST(sums_want_all_their_arguments)
{
	struct rota_hasher *hasher = NULL;
	struct rota_hash hash;
	struct iovec buffer = { NULL, 0 };
	char text[ROTA_HASH_TEXT_BYTES];
	int r;

	memset(&hash, CANARY, sizeof(hash));
	ck_refused(rota_hash_buffers(loop, NULL, "md5", &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(NULL, &hash, "md5", &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(loop, &hash, NULL, &buffer, 1, on_hash),
		-EINVAL);
	ck_refused_for(&hash,
		rota_hash_buffers(loop, &hash, "md5", NULL, 1, on_hash),
		-EINVAL);
	ck_refused(rota_hash_file(loop, NULL, "md5", "/", on_hash), -EINVAL);
	ck_refused_for(&hash, rota_hash_file(NULL, &hash, "md5", "/", on_hash),
		-EINVAL);
	ck_refused_for(&hash, rota_hash_file(loop, &hash, NULL, "/", on_hash),
		-EINVAL);
	ck_refused_for(&hash, rota_hash_file(loop, &hash, "md5", NULL, on_hash),
		-EINVAL);
	ck_refused(rota_hash_fd(loop, NULL, "md5", 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(NULL, &hash, "md5", 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(loop, &hash, NULL, 0, on_hash), -EINVAL);
	ck_refused_for(
		&hash, rota_hash_fd(loop, &hash, "md5", -1, on_hash), -EBADF);
	ck_assert_uint_eq(rota_hash_progress(NULL), 0);
	ck_refused(rota_hash_text(NULL, 1, text), -EINVAL);
	ck_refused(rota_hash_text("a", 1, NULL), -EINVAL);
	ck_refused(rota_hasher_create(NULL, NULL, 0, &hasher), -EINVAL);
	ck_refused(rota_hasher_create("md5", NULL, 0, NULL), -EINVAL);
	ck_refused(rota_hasher_add(NULL, "a", 1), -EINVAL);
	ck_refused(rota_hasher_finish(NULL, text), -EINVAL);
	rota_hasher_free(NULL);
	r = rota_hasher_create("md5", NULL, 0, &hasher);
	ck_err(r, rota_crypto_version() != NULL ? 0 : -ENOSYS);
	ck_refused(rota_hasher_add(hasher, NULL, 1), -EINVAL);
	ck_refused(rota_hasher_finish(hasher, NULL), -EINVAL);
	rota_hasher_free(hasher);
	ck_trace("");
}

#define ck_derives(expected, of, to, key, n_bytes) \
	do { \
		ck_refused(rota_pbkdf2(of, to, "md5", &secret, 1, key, \
				   n_bytes, on_derive), \
			expected); \
		ck_refused(rota_scrypt(of, to, &secret, &cost, key, n_bytes, \
				   on_derive), \
			expected); \
	} while (0)

LOOP_TEST(keys_want_all_their_arguments)
{
	const struct rota_scrypt_cost cost = { 16, 1, 1, 0 };
	struct rota_secret secret = { "a", 1, "b", 1 };
	struct rota_derive derive;
	char key[8];

	ck_derives(-EINVAL, NULL, &derive, key, 8);
	ck_derives(-EINVAL, loop, NULL, key, 8);
	ck_derives(-EINVAL, loop, &derive, NULL, 8);
	ck_derives(-EINVAL, loop, &derive, key, 0);
	ck_derives(-EINVAL, loop, &derive, key, SIZE_MAX);
	secret.password = NULL;
	ck_derives(-EINVAL, loop, &derive, key, 8);
	secret.password = "a";
	secret.salt_bytes = SIZE_MAX;
	ck_derives(-EINVAL, loop, &derive, key, 8);
	ck_refused(
		rota_pbkdf2(loop, &derive, NULL, &secret, 1, key, 8, on_derive),
		-EINVAL);
	ck_refused(
		rota_pbkdf2(loop, &derive, "md5", NULL, 1, key, 8, on_derive),
		-EINVAL);
	secret.salt_bytes = 1;
	ck_refused(rota_pbkdf2(
			   loop, &derive, "md5", &secret, 0, key, 8, on_derive),
		-EINVAL);
	ck_refused(rota_pbkdf2(loop, &derive, "md5", &secret, UINT_MAX, key, 8,
			   on_derive),
		-EINVAL);
	ck_refused(rota_scrypt(loop, &derive, NULL, &cost, key, 8, on_derive),
		-EINVAL);
	ck_refused(rota_scrypt(loop, &derive, &secret, NULL, key, 8, on_derive),
		-EINVAL);
}

LOOP_TEST(random_bytes_want_room)
{
	struct rota_random random;
	char bytes[8];

	ck_refused(rota_random_start(loop, NULL, bytes, 8, on_random), -EINVAL);
	ck_refused(
		rota_random_start(NULL, &random, bytes, 8, on_random), -EINVAL);
	ck_refused(
		rota_random_start(loop, &random, NULL, 8, on_random), -EINVAL);
	ck_trace("");
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "names and sums");

	tcase_add_loop_test(tc, look_ups_want_something_that_can_be_looked_up);
	tcase_add_loop_test(tc, names_of_an_address_want_an_address);
	tcase_add_loop_test(tc, a_resolver_wants_options_that_make_sense);
	tcase_add_loop_test(tc, a_resolver_blank_closing_or_closed_refuses_all);
	tcase_add_loop_test(tc, questions_want_all_their_arguments);
	tcase_add_loop_test(tc, sums_want_all_their_arguments);
	tcase_add_loop_test(tc, keys_want_all_their_arguments);
	tcase_add_loop_test(tc, random_bytes_want_room);
}

HARNESS_MAIN("bad_input_names", add_cases)
