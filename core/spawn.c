/* SPDX-License-Identifier: MIT */
/* The parent's side of a start, see spawn.h. */
#include "core/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/handle.h"
#include "core/handles/stream.h"

/* The descriptors that are there in any case: 0, 1 and 2. */
#define MIN_SOURCES 3

/* Numbers of entries are told in 16 bits. */
#define MAX_ENTRIES 65535

#define ALL_FLAGS \
	(ROTA_PROCESS_SESSION | ROTA_PROCESS_PGROUP | ROTA_PROCESS_UID | \
		ROTA_PROCESS_GID | ROTA_PROCESS_GROUPS | ROTA_PROCESS_UMASK | \
		ROTA_PROCESS_KEEP_FDS | ROTA_PROCESS_KEEP_SIGNALS)

#define DEFAULT_PATH "/usr/bin:/bin"

/* Both ends of what was made for an entry, or -1. */
struct ends {
	int ours;
	int childs;
};

struct rota__plan {
	struct rota_loop *loop;
	struct rota__spawn spawn;
	struct ends ends[];
};

static int
fail(struct rota__spawn_failure *failure, enum rota_spawn_step step,
	unsigned index, int error)
{
	failure->error = -error;
	failure->step = (uint16_t)step;
	failure->index = (uint16_t)index;
	return error;
}

/* What the options may say. */

static int
is_good_entry(const struct rota_process_options *options, unsigned i)
{
	const struct rota_process_stdio *entry = &options->stdio[i];

	switch (entry->kind) {
	case ROTA_STDIO_NULL:
	case ROTA_STDIO_INHERIT:
		return entry->stream == NULL;
	case ROTA_STDIO_FD:
		return entry->stream == NULL && entry->fd >= 0;
	case ROTA_STDIO_SAME:
		return entry->stream == NULL && entry->fd >= 0 &&
			entry->fd < (int)i;
	case ROTA_STDIO_PIPE_IN:
	case ROTA_STDIO_PIPE_OUT:
	case ROTA_STDIO_SOCKET:
	case ROTA_STDIO_PTY:
		return 1;
	}
	return 0;
}

static int
are_good(const struct rota_process_options *options)
{
	unsigned i;

	if (options->size != sizeof(*options) || options->argv == NULL ||
		options->argv[0] == NULL ||
		options->flags & ~(unsigned)ALL_FLAGS ||
		options->umask_bits > 0777 || options->pgroup < 0)
		return 0;
	if (options->n_stdio > MAX_ENTRIES || options->n_limits > MAX_ENTRIES ||
		options->n_groups > MAX_ENTRIES)
		return 0;
	if ((options->n_stdio > 0 && options->stdio == NULL) ||
		(options->n_limits > 0 && options->limits == NULL) ||
		(options->n_groups > 0 && options->groups == NULL))
		return 0;
	for (i = 0; i < options->n_stdio; i++)
		if (!is_good_entry(options, i))
			return 0;
	return 1;
}

/* The program's name and where to look for it. */

static const char *
path_in(char *const *env)
{
	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return DEFAULT_PATH;
}

static void
set_program(struct rota__plan *plan)
{
	struct rota__spawn *spawn = &plan->spawn;
	const struct rota_process_options *options = spawn->options;

	spawn->env = options->env ? options->env :
				    plan->loop->sys->environment();
	spawn->file = options->file ? options->file : options->argv[0];
	if (strchr(spawn->file, '/') == NULL && *spawn->file != '\0')
		spawn->path = options->path ? options->path :
					      path_in(spawn->env);
}

/* The plan, its stack and its arrays are one block each. */
static int
get_memory(struct rota__plan *plan)
{
	const struct rota__memory *memory = &plan->loop->memory;
	struct rota__spawn *spawn = &plan->spawn;

	spawn->stack = rota__realloc(memory, NULL, ROTA__SPAWN_STACK_BYTES);
	spawn->sources = rota__realloc(
		memory, NULL, spawn->n_sources * sizeof(*spawn->sources));
	if (spawn->stack == NULL || spawn->sources == NULL)
		return -ENOMEM;
	if (spawn->path == NULL)
		return 0;
	/* The longest folder, a slash, the file and its end. */
	spawn->name = rota__realloc(
		memory, NULL, strlen(spawn->path) + strlen(spawn->file) + 2);
	return spawn->name == NULL ? -ENOMEM : 0;
}

static void
free_memory(struct rota__plan *plan)
{
	struct rota__memory memory = plan->loop->memory;

	rota__free(&memory, plan->spawn.stack);
	rota__free(&memory, plan->spawn.sources);
	rota__free(&memory, plan->spawn.name);
	rota__free(&memory, plan);
}

/* Pipes and the like. */

static int
make_pair(const struct rota_sys *sys, enum rota_stdio_kind kind,
	struct ends *ends)
{
	int fds[2];
	int r;

	if (kind == ROTA_STDIO_SOCKET)
		r = sys->socketpair(fds);
	else if (kind == ROTA_STDIO_PTY)
		r = sys->pty_open(fds);
	else
		r = sys->pipe(fds);
	if (r < 0)
		return r;
	/* Of a pipe, [1] is the end to write to. */
	ends->ours = fds[kind == ROTA_STDIO_PIPE_IN];
	ends->childs = fds[kind != ROTA_STDIO_PIPE_IN];
	if (kind == ROTA_STDIO_SOCKET)
		return sys->prepare_fd(ends->ours);
	return sys->set_flags(ends->ours, O_NONBLOCK);
}

/* A stream must not fail when the child is there. */
static int
make_room(
	struct rota_loop *loop, const struct rota_process_stdio *entry, int fd)
{
	int r;

	if (entry->stream == NULL)
		return 0;
	r = rota__stream_make_buffer(loop);
	return r < 0 ? r : rota__fds_reserve(loop, fd);
}

/* Finds the source of entry i, or makes it. */
static int
make_source(struct rota__plan *plan, unsigned i)
{
	const struct rota_process_stdio *entry = &plan->spawn.options->stdio[i];
	struct ends *ends = &plan->ends[i];
	int *source = &plan->spawn.sources[i];
	int r;

	switch (entry->kind) {
	case ROTA_STDIO_NULL:
		*source = ROTA__SOURCE_NULL;
		return 0;
	case ROTA_STDIO_INHERIT:
		*source = (int)i;
		return 0;
	case ROTA_STDIO_FD:
		*source = entry->fd;
		return 0;
	case ROTA_STDIO_SAME:
		*source = ROTA__SOURCE_SAME - entry->fd;
		return 0;
	default:
		break;
	}
	r = make_pair(plan->loop->sys, entry->kind, ends);
	if (r == 0)
		r = make_room(plan->loop, entry, ends->ours);
	*source = ends->childs;
	if (entry->kind == ROTA_STDIO_PTY && plan->spawn.terminal < 0 &&
		plan->spawn.options->flags & ROTA_PROCESS_SESSION)
		plan->spawn.terminal = (int)i;
	return r;
}

static int
make_sources(struct rota__plan *plan, struct rota__spawn_failure *failure)
{
	const struct rota_process_options *options = plan->spawn.options;
	unsigned i;
	int r;

	for (i = 0; i < options->n_stdio; i++) {
		r = make_source(plan, i);
		if (r < 0)
			return fail(failure, ROTA_SPAWN_PIPE, i, r);
	}
	for (; i < plan->spawn.n_sources; i++)
		plan->spawn.sources[i] = ROTA__SOURCE_NULL;
	return 0;
}

static void
close_end(const struct rota_loop *loop, int *fd)
{
	if (*fd >= 0)
		(void)loop->sys->close(*fd);
	*fd = -1;
}

static void
close_ends(struct rota__plan *plan, int with_ours)
{
	unsigned i;

	for (i = 0; i < plan->spawn.options->n_stdio; i++) {
		close_end(plan->loop, &plan->ends[i].childs);
		if (with_ours)
			close_end(plan->loop, &plan->ends[i].ours);
	}
}

/* Our ends become the caller's. */

static void
open_stream(
	struct rota_loop *loop, const struct rota_process_stdio *entry, int fd)
{
	static const struct {
		const struct rota_handle_type *type;
		uint32_t state;
	} kinds[] = {
		[ROTA_STDIO_PIPE_IN] = { &rota__pipe_type,
			ROTA__STREAM_WRITABLE },
		[ROTA_STDIO_PIPE_OUT] = { &rota__pipe_type,
			ROTA__STREAM_READABLE },
		[ROTA_STDIO_SOCKET] = { &rota__unix_type,
			ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE },
		[ROTA_STDIO_PTY] = { &rota__tty_type,
			ROTA__STREAM_READABLE | ROTA__STREAM_WRITABLE },
	};

	(void)rota__stream_init(loop, entry->stream, kinds[entry->kind].type);
	rota__stream_adopt(entry->stream, fd, kinds[entry->kind].state);
}

static void
give_ends(struct rota__plan *plan)
{
	const struct rota_process_options *options = plan->spawn.options;
	unsigned i;

	for (i = 0; i < options->n_stdio; i++) {
		struct rota_process_stdio *entry = &options->stdio[i];
		int fd = plan->ends[i].ours;

		if (fd < 0)
			continue;
		entry->fd = fd;
		if (entry->stream == NULL)
			continue;
		open_stream(plan->loop, entry, fd);
		entry->fd = -1;
	}
}

/* The whole. */

static struct rota__plan *
allocate(struct rota_loop *loop, const struct rota_process_options *options)
{
	size_t size = sizeof(struct rota__plan) +
		options->n_stdio * sizeof(struct ends);
	struct rota__plan *plan = rota__realloc(&loop->memory, NULL, size);
	unsigned i;

	if (plan == NULL)
		return NULL;
	memset(plan, 0, size);
	plan->loop = loop;
	for (i = 0; i < options->n_stdio; i++)
		plan->ends[i].ours = plan->ends[i].childs = -1;
	return plan;
}

static void
fill(struct rota__plan *plan, const struct rota_process_options *options)
{
	struct rota__spawn *spawn = &plan->spawn;

	spawn->options = options;
	spawn->n_sources = options->n_stdio > MIN_SOURCES ? options->n_stdio :
							    MIN_SOURCES;
	spawn->terminal = -1;
	spawn->report_fd = -1;
	spawn->drops_groups =
		(options->flags & (ROTA_PROCESS_UID | ROTA_PROCESS_GID)) != 0;
	spawn->is_shared = plan->loop->shares_memory;
	set_program(plan);
}

int
rota__plan_make(struct rota_loop *loop,
	const struct rota_process_options *options,
	struct rota__plan **ret_plan, struct rota__spawn_failure *ret_failure)
{
	struct rota__plan *plan;
	int r;

	if (!are_good(options))
		return fail(ret_failure, ROTA_SPAWN_OPTIONS, 0, -EINVAL);
	plan = allocate(loop, options);
	if (plan == NULL)
		return fail(ret_failure, ROTA_SPAWN_MEMORY, 0, -ENOMEM);
	fill(plan, options);
	r = get_memory(plan);
	if (r < 0)
		(void)fail(ret_failure, ROTA_SPAWN_MEMORY, 0, r);
	else
		r = make_sources(plan, ret_failure);
	if (r < 0) {
		rota__plan_end(plan, 0);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

pid_t
rota__plan_run(struct rota__plan *plan, struct rota__spawn_failure *ret_failure)
{
	pid_t pid = plan->loop->sys->spawn(&plan->spawn);

	if (plan->spawn.is_started)
		plan->loop->shares_memory = 1;
	if (pid < 0 && plan->spawn.failure.error == 0)
		return fail(ret_failure, ROTA_SPAWN_FORK, 0, pid);
	if (pid < 0)
		*ret_failure = plan->spawn.failure;
	return pid;
}

void
rota__plan_end(struct rota__plan *plan, int is_done)
{
	close_ends(plan, !is_done);
	if (is_done)
		give_ends(plan);
	free_memory(plan);
}
