/* SPDX-License-Identifier: MIT */
/*
 * Prints which kernel backends this library has, which of them work on this
 * machine, and which one a loop gets.
 *
 *	./backends
 *	./backends --backend kqueue,poll
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <rota.h>

static const char usage[] =
	"usage: backends [--backend NAME[,NAME...]]\n"
	"Lists the kernel backends, and the one that a loop gets.\n"
	"  --backend NAME  ask for this one, or the first that works of a list\n"
	"  --help          this text\n";

static void
print_capabilities(unsigned capabilities)
{
	const char *before = "";

	for (unsigned bit = 1; bit != 0 && bit <= capabilities; bit <<= 1) {
		const char *name = rota_backend_capability_name(bit);

		if (!(capabilities & bit) || !name)
			continue;
		printf("%s%s", before, name);
		before = ", ";
	}
	puts("");
}

static void
print_table(void)
{
	struct rota_backend_info info;

	printf("%-8s %-7s %-6s %s\n", "backend", "default", "built",
		"can do, or why not");
	/* The index ends where the library says so, with -ENOENT. */
	for (unsigned i = 0; rota_backend_info(i, &info) == 0; i++) {
		printf("%-8s %-7s %-6s ", info.name,
			info.is_default ? "yes" : "-",
			info.is_built ? "yes" : "no");
		if (info.error)
			printf("unusable: %s (%s)\n", info.reason,
				rota_error_name(info.error));
		else
			print_capabilities(info.capabilities);
	}
}

/* Makes a loop to see what it gets; returns an exit code. */
static int
try_loop(const char *backend)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *loop;
	int r;

	options.backend = backend;
	r = rota_loop_create(&options, &loop);
	if (r < 0) {
		fprintf(stderr, "backends: no loop with \"%s\": %s\n",
			backend ? backend : "", rota_error_text(r));
		return 1;
	}
	printf("\na loop gets %s (rota %s)\n", rota_loop_backend(loop),
		rota_version());
	return rota_loop_close(loop) == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *backend = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			backend = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return 2;
	}

	print_table();
	return try_loop(backend);
}
