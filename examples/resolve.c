/* SPDX-License-Identifier: MIT */
/*
 * Looks up names, all at once, and prints a line for each thing it finds, in
 * the order in which the answers come.
 *
 *	./resolve localhost example.org 127.0.0.1
 *	./resolve --type MX example.org
 *
 * Worth a look:
 *  - start(): three kinds of questions, with callbacks of one shape.
 *  - on_lookup(): what a look-up found is freed by who asked for it.
 *  - --type: answered over polled sockets, without a thread. A build without
 *    c-ares has no such resolver; then the exit code is 77.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rota.h>

struct question {
	struct rota_lookup lookup;
	struct rota_reverse reverse;
	struct rota_query query;
	const char *name;
};

struct settings {
	const char *backend;
	const char *server;
	double deadline_seconds;
	/* 0: addresses, as the system finds them. */
	int type;
};

static const char usage[] =
	"usage: resolve [OPTIONS] NAME...\n"
	"Prints the addresses of names, and the names of addresses.\n"
	"  --backend NAME       epoll, kqueue, poll or select\n"
	"  --deadline SECONDS   for each answer (10)\n"
	"  --server ADDRESS     ask this name server, with --type\n"
	"  --type TYPE          A, AAAA, MX, PTR, SRV or TXT: ask name servers\n"
	"  --help               this text\n";

static const struct {
	const char *name;
	enum rota_record_type type;
} types[] = {
	{ "A", ROTA_RECORD_A },
	{ "AAAA", ROTA_RECORD_AAAA },
	{ "MX", ROTA_RECORD_MX },
	{ "PTR", ROTA_RECORD_PTR },
	{ "SRV", ROTA_RECORD_SRV },
	{ "TXT", ROTA_RECORD_TXT },
};

#define N_TYPES (sizeof(types) / sizeof(types[0]))

static struct rota_resolver resolver;
static unsigned n_left;
static int has_failed;

static void
complain(const char *what, int error)
{
	fprintf(stderr, "resolve: %s: %s\n", what, rota_error_text(error));
	has_failed = 1;
}

/* The last answer ends the program: the resolver is not used any more. */
static void
end_one(const struct question *question, int status)
{
	if (status < 0)
		complain(question->name, status);
	if (--n_left == 0 && rota_handle_loop(&resolver.handle))
		(void)rota_handle_close(&resolver.handle, NULL);
}

static void
on_lookup(struct rota_lookup *lookup, int status)
{
	struct question *question = lookup->job.request.data;
	char text[NI_MAXHOST];
	unsigned i;

	for (i = 0; i < lookup->n_addresses; i++) {
		const struct rota_lookup_address *at = &lookup->addresses[i];

		if (getnameinfo((const struct sockaddr *)&at->addr, at->len,
			    text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
			printf("%s %s\n", question->name, text);
	}
	(void)rota_lookup_free(lookup);
	end_one(question, status);
}

static void
on_reverse(struct rota_reverse *reverse, int status)
{
	struct question *question = reverse->job.request.data;

	if (status == 0)
		printf("%s %s\n", question->name, reverse->host);
	end_one(question, status);
}

static void
print_record(const char *name, int type, const struct rota_record *record)
{
	switch (type) {
	case ROTA_RECORD_MX:
		printf("%s %u %s\n", name, record->priority, record->text);
		break;
	case ROTA_RECORD_SRV:
		printf("%s %u %u %u %s\n", name, record->priority,
			record->weight, record->port, record->text);
		break;
	default:
		printf("%s %s\n", name, record->text);
		break;
	}
}

static void
on_query(struct rota_query *query, int status)
{
	struct question *question = query->request.data;
	const struct settings *settings = resolver.handle.data;
	unsigned i;

	for (i = 0; i < query->n_records; i++)
		print_record(
			question->name, settings->type, &query->records[i]);
	(void)rota_query_free(query);
	end_one(question, status);
}

/* Starts what is asked; *ret_request gets its deadline. */
static int
start(struct rota_loop *loop, struct question *question,
	const struct settings *settings, struct rota_request **ret_request)
{
	const struct rota_lookup_hints hints = { .socktype = SOCK_STREAM };
	struct sockaddr_storage addr;

	if (settings->type != 0) {
		*ret_request = &question->query.request;
		(*ret_request)->data = question;
		return rota_query_start(&resolver, &question->query,
			question->name, (enum rota_record_type)settings->type,
			on_query);
	}
	if (rota_address_parse(question->name, 0, &addr) == 0) {
		*ret_request = &question->reverse.job.request;
		(*ret_request)->data = question;
		return rota_reverse_start(loop, &question->reverse,
			(const struct sockaddr *)&addr,
			ROTA_REVERSE_NAME_REQUIRED, on_reverse);
	}
	*ret_request = &question->lookup.job.request;
	(*ret_request)->data = question;
	return rota_lookup_start(loop, &question->lookup, question->name, NULL,
		&hints, on_lookup);
}

static void
start_all(struct rota_loop *loop, struct question *questions, char **names,
	const struct settings *settings)
{
	uint64_t delay_ns =
		(uint64_t)(settings->deadline_seconds * (double)ROTA_SECOND);
	unsigned n = n_left;
	unsigned i;

	for (i = 0; i < n; i++) {
		struct rota_request *request = NULL;
		int r;

		questions[i].name = names[i];
		r = start(loop, &questions[i], settings, &request);
		if (r < 0)
			end_one(&questions[i], r);
		else
			/* What is answered already needs none. */
			(void)rota_request_set_deadline(request, delay_ns);
	}
}

static int
open_resolver(struct rota_loop *loop, struct settings *settings)
{
	struct rota_resolver_options options = ROTA_RESOLVER_OPTIONS_INIT;

	options.servers = settings->server;
	resolver.handle.data = settings;
	return rota_resolver_init(loop, &resolver, &options);
}

/* Returns the exit code. */
static int
run(struct rota_loop *loop, char **names, struct settings *settings)
{
	struct question *questions = calloc(n_left, sizeof(*questions));
	int r = questions ? 0 : -ENOMEM;

	if (r == 0 && settings->type != 0)
		r = open_resolver(loop, settings);
	if (r == 0) {
		start_all(loop, questions, names, settings);
		r = rota_loop_run(loop, ROTA_RUN_DEFAULT);
	}
	if (r < 0)
		complain("cannot look up", r);
	free(questions);
	return r == -ENOSYS ? 77 : has_failed;
}

static int
find_type(const char *name)
{
	size_t i;

	for (i = 0; i < N_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return (int)types[i].type;
	return 0;
}

/* Returns -1 to go on, else the exit code. */
static int
read_settings(int argc, char **argv, struct settings *settings)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "deadline", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "server", required_argument, NULL, 's' },
		{ "type", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int is_wrong = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			settings->backend = optarg;
			break;
		case 'd':
			settings->deadline_seconds = strtod(optarg, NULL);
			is_wrong |= !(settings->deadline_seconds >= 0.001 &&
				settings->deadline_seconds < 1e9);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 's':
			settings->server = optarg;
			break;
		case 't':
			settings->type = find_type(optarg);
			is_wrong |= settings->type == 0;
			break;
		default:
			is_wrong = 1;
			break;
		}
	}
	if (!is_wrong && optind < argc &&
		(!settings->server || settings->type != 0))
		return -1;
	fputs(usage, stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct settings settings = { .deadline_seconds = 10 };
	struct rota_loop *loop;
	int r;

	r = read_settings(argc, argv, &settings);
	if (r >= 0)
		return r;
	options.backend = settings.backend;
	r = rota_loop_create(&options, &loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	n_left = (unsigned)(argc - optind);
	r = run(loop, argv + optind, &settings);
	(void)rota_loop_close(loop);
	return r;
}
