/* SPDX-License-Identifier: MIT */
/* Memory of what is at rest: all that the process has grown by. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/on.h"

#include "bench/load.h"
#include "bench/subject.h"

static void
tell(const struct sample *sample, size_t before, size_t after)
{
	sample_tell(
		"bytes", ((double)after - (double)before) / sample->n, "bytes");
}

static void
rest(struct sample *sample, struct timers *timers)
{
	sample->subject->timers_make(sample->loop, timers);
	sample->subject->timers_idle(
		sample->loop, timers, UINT64_C(60000000000));
	sample->subject->turns(sample->loop, 1);
}

void
on_timer_memory(struct sample *sample)
{
	static struct timers first = { .n = 1 };
	static struct timers timers;
	size_t before;

	if (!sample->subject->timers_make)
		sample_cannot(sample);
	timers.n = sample->n;
	sample_open(sample);
	/* What the first one needs is not needed by each. */
	rest(sample, &first);
	before = memory_bytes();
	rest(sample, &timers);
	tell(sample, before, memory_bytes());
}

/* Both ends are ours; that of the client costs the process no memory. */
static void
make_connections(int *ret_fds, int *ret_clients, unsigned n)
{
	struct sockaddr_in at = { 0 };
	socklen_t size = sizeof(at);
	unsigned port;
	int listener = load_listen(&port);

	if (getsockname(listener, (struct sockaddr *)&at, &size) < 0)
		die("getsockname: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++) {
		ret_clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (ret_clients[i] < 0 ||
			connect(ret_clients[i], (struct sockaddr *)&at, size) <
				0)
			die("cannot connect: %s", strerror(errno));
		ret_fds[i] = accept(listener, NULL, NULL);
		if (ret_fds[i] < 0)
			die("accept: %s", strerror(errno));
		set_nonblocking(ret_fds[i]);
	}
	(void)close(listener);
}

/* Each serves one message, and has nothing to do then. */
static void
serve(struct sample *sample, struct echo *echo, const int *clients)
{
	echo->size_bytes = sample->size_bytes;
	echo->pieces = 1;
	echo->stopper.loop = sample->loop;
	echo->stopper.stop = sample->subject->stop;
	sample->subject->echo(sample->loop, echo);
	echo->left_bytes = (unsigned long)echo->n * echo->size_bytes;
	for (unsigned i = 0; i < echo->n; i++)
		if (write(clients[i], "0123456789abcdef", 16) != 16)
			die("write: %s", strerror(errno));
	sample->subject->run(sample->loop);
	sample->subject->turns(sample->loop, 2);
}

void
on_connection_memory(struct sample *sample)
{
	static struct echo first = { .n = 1 };
	static struct echo echo;
	unsigned n = sample->n + 1;
	int *fds = get_memory(n, sizeof(*fds));
	int *clients = get_memory(n, sizeof(*clients));
	size_t before;

	if (!sample->subject->echo)
		sample_cannot(sample);
	raise_fd_limit(2 * n + 64);
	make_connections(fds, clients, n);
	sample_open(sample);
	/* What the first one needs is not needed by each. */
	first.fds = fds;
	serve(sample, &first, clients);
	echo.n = sample->n;
	echo.fds = fds + 1;
	before = memory_bytes();
	serve(sample, &echo, clients + 1);
	tell(sample, before, memory_bytes());
}
