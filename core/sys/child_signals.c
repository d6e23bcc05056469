/* SPDX-License-Identifier: MIT */
/*
 * Sets the child's signals back to their defaults. Which are not there is
 * asked from /proc where there is one: three calls instead of one for each
 * signal.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/sys.h"

#ifndef NSIG
#define NSIG 65
#endif

/* As a set of bits: signal 1 is bit 0. */
#define ALL_SIGNALS UINT64_MAX

static unsigned
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return 16;
}

/* Finds "\nNAME:\t" and the number behind it. */
static int
find_set(const char *text, const char *name, uint64_t *ret_set)
{
	const char *at = strstr(text, name);
	uint64_t set = 0;

	if (at == NULL)
		return 0;
	for (at += strlen(name); hex_value(*at) < 16; at++)
		set = set << 4 | hex_value(*at);
	*ret_set = set;
	return *at == '\n';
}

/* The signals that are ignored, and those with a handler; 0 if not known. */
static int
ask_proc(uint64_t *ret_ignored, uint64_t *ret_caught)
{
	char text[4096];
	ssize_t n;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	return find_set(text, "\nSigIgn:\t", ret_ignored) &&
		find_set(text, "\nSigCgt:\t", ret_caught);
}

static void
reset(int signum, int with_ignored)
{
	struct sigaction action;

	/* The C library has signals of its own that it does not show. */
	if (sigaction(signum, NULL, &action) < 0 ||
		action.sa_handler == SIG_DFL ||
		(action.sa_handler == SIG_IGN && !with_ignored))
		return;
	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	(void)sigaction(signum, &action, NULL);
}

void
rota__sys_child_reset_signals(int with_ignored)
{
	uint64_t ignored = ALL_SIGNALS;
	uint64_t caught = ALL_SIGNALS;
	int signum;

	if (NSIG > 65 || !ask_proc(&ignored, &caught))
		ignored = caught = ALL_SIGNALS;
	for (signum = 1; signum < NSIG; signum++)
		if (signum > 64 ||
			(ignored | caught) >> (signum - 1) & UINT64_C(1))
			reset(signum, with_ignored);
}
