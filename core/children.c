/* SPDX-License-Identifier: MIT */
/* The processes of a loop, see children.h. */
#include "core/children.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "core/handle.h"
#include "core/ring.h"
#include "core/signals.h"
#include "core/turn.h"

_Static_assert(offsetof(struct rota_child, watch) ==
		offsetof(struct rota__watcher, watch),
	"a rota_child begins as a rota__watcher");

static rota_signal_fn on_sigchld;

/* SIGCHLD is watched as long as somebody needs it. */

static int
use_signal(struct rota_loop *loop)
{
	int r;

	if (loop->n_by_signal == 0) {
		if (loop->sigchld.handle.loop == NULL)
			rota__signal_init_internal(loop, &loop->sigchld);
		r = rota_signal_start_at(
			&loop->sigchld, SIGCHLD, on_sigchld, NULL);
		if (r < 0)
			return r;
	}
	loop->n_by_signal++;
	return 0;
}

static void
release_signal(struct rota_loop *loop)
{
	if (--loop->n_by_signal == 0)
		(void)rota_signal_stop(&loop->sigchld);
}

static void
on_sigchld(struct rota_signal *signal, const struct rota_signal_event *event)
{
	struct rota_loop *loop = signal->handle.loop;
	struct rota_link *link;

	(void)event;
	for (link = loop->children.next; link != &loop->children;
		link = link->next) {
		struct rota_child *child =
			ROTA__CONTAINER(link, struct rota_child, link);

		if (child->way == ROTA__CHILD_BY_SIGNAL)
			(void)rota__note_send(loop, &child->note);
	}
}

/* The life of a record. */

static void
free_child(struct rota_child *child)
{
	rota__ring_remove(&child->link);
	rota__free(&child->handle.loop->memory, child);
}

/*
 * The kernel is told before the descriptor is closed: a child of another
 * thread may hold a copy until it has become its program, and as long as
 * that lives epoll would report it.
 */
static void
stop_waiting(struct rota_child *child)
{
	struct rota_loop *loop = child->handle.loop;

	if (child->way == ROTA__CHILD_BY_SIGNAL)
		release_signal(loop);
	if (child->watch.fd >= 0) {
		rota__watch_forget(loop, &child->watch, 0);
		(void)loop->sys->close(child->watch.fd);
		child->watch.fd = -1;
	}
	child->way = ROTA__CHILD_OVER;
}

void
rota__child_drop(struct rota_child *child)
{
	stop_waiting(child);
	child->process = NULL;
	if (!rota__note_close(&child->note))
		free_child(child);
}

void
rota__child_leave(struct rota_child *child)
{
	child->process = NULL;
	if (!child->is_ours)
		rota__child_drop(child);
}

/* The record is gone when the callback is called. */
static void
tell(struct rota_child *child, struct rota_process_exit *exit)
{
	struct rota_process *process = child->process;
	struct rota_loop *loop = child->handle.loop;

	exit->pid = child->pid;
	rota__child_drop(child);
	if (process == NULL)
		return;
	process->child = NULL;
	rota__handle_deactivate(&process->handle);
	rota__before_callback(
		loop, "process", process->handle.place, &process->handle);
	process->fn(process, exit);
	rota__after_callback(loop);
}

static void
tell_status(struct rota_child *child, int status, const struct rusage *usage)
{
	struct rota_process_exit exit = { .code = -1, .usage = usage };

	if (WIFEXITED(status))
		exit.code = WEXITSTATUS(status);
	if (WIFSIGNALED(status)) {
		exit.signum = WTERMSIG(status);
		exit.is_core_dumped = WCOREDUMP(status) != 0;
	}
	tell(child, &exit);
}

static void
tell_error(struct rota_child *child, int error)
{
	struct rota_process_exit exit = { .code = -1, .error = error };

	tell(child, &exit);
}

/*
 * Asks for the status of what seems to be over. What was noticed too early,
 * or is not over at all, is noticed again; but not if it was only looked at.
 */
static void
look(struct rota_child *child)
{
	struct rota_loop *loop = child->handle.loop;
	struct rusage usage;
	int status = 0;
	pid_t r;

	memset(&usage, 0, sizeof(usage));
	r = loop->sys->wait(child->pid, &status, WNOHANG, &usage);
	if (r > 0)
		tell_status(child, status, &usage);
	else if (r < 0)
		tell_error(child, r);
	else if (child->way == ROTA__CHILD_BY_LOOKING)
		(void)rota__note_send(loop, &child->note);
}

static void
deliver_look(struct rota_loop *loop, struct rota_note *note)
{
	struct rota_child *child =
		ROTA__CONTAINER(note, struct rota_child, note);

	(void)loop;
	if (!rota__note_receive(note))
		free_child(child);
	else if (child->is_ours)
		look(child);
	else
		tell_error(child, -ECHILD);
}

/* Ways. */

static int
watch_by_signal(struct rota_child *child)
{
	int r = use_signal(child->handle.loop);

	if (r < 0)
		return r;
	child->way = ROTA__CHILD_BY_SIGNAL;
	/* It may have ended before the signal was watched. */
	return rota__note_send(child->handle.loop, &child->note);
}

static int
watch_by_looking(struct rota_child *child)
{
	child->way = ROTA__CHILD_BY_LOOKING;
	return rota__note_send(child->handle.loop, &child->note);
}

static int
watch_by_fd(struct rota_child *child)
{
	struct rota_loop *loop = child->handle.loop;
	int fd = loop->sys->exit_open(child->pid);
	int r;

	if (fd < 0)
		return fd;
	r = rota__fds_reserve(loop, fd);
	if (r < 0) {
		(void)loop->sys->close(fd);
		return r;
	}
	rota__watch_bind(&child->watch, fd);
	rota__watch_start(loop, &child->watch, ROTA_READABLE);
	child->way = ROTA__CHILD_BY_FD;
	return 0;
}

/* The backend may refuse the descriptor, for want of memory say. */
static void
child_ready(struct rota_handle *handle, unsigned ready)
{
	struct rota_child *child = (struct rota_child *)handle;
	int error = handle->loop->fds.error;

	if (ready & ROTA_FAILED) {
		stop_waiting(child);
		if (!child->is_ours || watch_by_signal(child) < 0)
			tell_error(child, error);
	} else if (child->is_ours) {
		look(child);
	} else {
		tell_error(child, 0);
	}
}

static const struct rota_handle_type child_type = {
	.name = "child",
	.size = sizeof(struct rota_child),
	.ready = child_ready,
};

struct rota_child *
rota__child_make(struct rota_loop *loop, struct rota_process *process)
{
	struct rota_child *child =
		rota__realloc(&loop->memory, NULL, sizeof(*child));

	if (child == NULL)
		return NULL;
	memset(child, 0, sizeof(*child));
	rota__handle_init_internal(loop, &child->handle, &child_type);
	rota__watch_bind(&child->watch, -1);
	child->note.deliver = deliver_look;
	child->note.state = ROTA__NOTE_IDLE;
	child->process = process;
	child->way = ROTA__CHILD_OVER;
	rota__ring_append(&loop->children, &child->link);
	return child;
}

/*
 * A child that is there is waited for in any way that can be had. The end
 * that a kqueue will not tell any more is found by looking.
 */
int
rota__child_watch(struct rota_child *child, pid_t pid, int is_ours)
{
	int r;

	child->pid = pid;
	child->is_ours = is_ours;
	r = watch_by_fd(child);
	if (r == 0)
		return 0;
	if (!is_ours)
		return r == -ENOSYS ? -ENOTSUP : r;
	if (r == -ESRCH)
		return watch_by_looking(child);
	return watch_by_signal(child);
}

void
rota__children_fini(struct rota_loop *loop)
{
	while (!rota__ring_is_empty(&loop->children)) {
		struct rota_child *child = ROTA__CONTAINER(
			loop->children.next, struct rota_child, link);
		struct rusage usage;
		int status;

		if (child->way != ROTA__CHILD_OVER && child->is_ours)
			(void)loop->sys->wait(
				child->pid, &status, WNOHANG, &usage);
		stop_waiting(child);
		free_child(child);
	}
}

/* Brothers are watched anew, if anybody wants to know. */
static void
adopt_brother(struct rota_child *child)
{
	struct rota_loop *loop = child->handle.loop;
	int fd = child->watch.fd;

	if (child->way == ROTA__CHILD_BY_SIGNAL)
		release_signal(loop);
	if (fd >= 0) {
		rota__watch_forget(loop, &child->watch, 1);
		child->watch.fd = -1;
		loop->sys->exit_forget(fd);
	}
	child->is_ours = 0;
	if (child->process == NULL)
		rota__child_drop(child);
	else if (watch_by_fd(child) < 0)
		(void)watch_by_looking(child);
}

/* Called twice after one fork, it leaves alone what was born in between. */
void
rota__children_fork(struct rota_loop *loop)
{
	struct rota_link *link = loop->children.next;
	pid_t pid = loop->sys->getpid();

	if (pid == loop->pid)
		return;
	loop->pid = pid;
	while (link != &loop->children) {
		struct rota_child *child =
			ROTA__CONTAINER(link, struct rota_child, link);

		link = link->next;
		if (child->way != ROTA__CHILD_OVER)
			adopt_brother(child);
	}
}
