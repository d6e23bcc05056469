/* SPDX-License-Identifier: MIT */
/* Calls of files, terminals and processes that fail, see faults.h. */
#include <errno.h>

#include "tests/faults.h"

static int
stat_path(const char *path, struct stat *ret_stat)
{
	int error = faults_count(FAULTS_STAT);

	return error < 0 ? error : rota__sys_real.stat(path, ret_stat);
}

static int
lstat_path(const char *path, struct stat *ret_stat)
{
	int error = faults_count(FAULTS_STAT);

	return error < 0 ? error : rota__sys_real.lstat(path, ret_stat);
}

static int
list(const char *path, rota__name_fn *fn, void *data)
{
	int error = faults_count(FAULTS_LIST);

	return error < 0 ? error : rota__sys_real.list(path, fn, data);
}

static int
file_open(void)
{
	int error = faults_count(FAULTS_FILE_OPEN);

	return error < 0 ? error : rota__sys_real.file_open();
}

static int
file_add(int fd, const char *path, unsigned wanted)
{
	int error = faults_count(FAULTS_FILE_ADD);

	return error < 0 ? error : rota__sys_real.file_add(fd, path, wanted);
}

static ssize_t
file_read(int fd, void *news, size_t size_bytes)
{
	int error = faults_count(FAULTS_FILE_READ);

	if (error < 0)
		return error;
	return rota__sys_real.file_read(fd, news, size_bytes);
}

static int
kill_process(pid_t pid, int fd, int signum)
{
	int error = faults_count(FAULTS_EXIT_KILL);

	return error < 0 ? error : rota__sys_real.exit_kill(pid, fd, signum);
}

static int
open_exit(pid_t pid)
{
	int error = faults_count(FAULTS_EXIT_OPEN);

	if (faults.has_no_exit_fds)
		return -ENOSYS;
	return error < 0 ? error : rota__sys_real.exit_open(pid);
}

static int
get_flags(int fd)
{
	int error = faults_count(FAULTS_GET_FLAGS);

	return error < 0 ? error : rota__sys_real.get_flags(fd);
}

static int
get_termios(int fd, struct termios *ret_termios)
{
	int error = faults_count(FAULTS_GET_TERMIOS);

	return error < 0 ? error : rota__sys_real.get_termios(fd, ret_termios);
}

static int
get_window(int fd, unsigned ret_sizes[4])
{
	int error = faults_count(FAULTS_GET_WINDOW);

	return error < 0 ? error : rota__sys_real.get_window(fd, ret_sizes);
}

static int
mute_sigpipe(int fd)
{
	int error = faults_count(FAULTS_MUTE_SIGPIPE);

	return error < 0 ? error : rota__sys_real.mute_sigpipe(fd);
}

static int
open_spare(void)
{
	int error = faults_count(FAULTS_OPEN_SPARE);

	return error < 0 ? error : rota__sys_real.open_spare();
}

static int
get_peer(int fd, struct rota_unix_credentials *ret_credentials)
{
	int error = faults_count(FAULTS_PEER_CREDENTIALS);

	return error < 0 ? error :
			   rota__sys_real.peer_credentials(fd, ret_credentials);
}

static int
make_pipe(int ret_fds[2])
{
	int error = faults_count(FAULTS_PIPE);

	return error < 0 ? error : rota__sys_real.pipe(ret_fds);
}

static int
open_pty(int ret_fds[2])
{
	int error = faults_count(FAULTS_PTY_OPEN);

	return error < 0 ? error : rota__sys_real.pty_open(ret_fds);
}

static int
reopen(int fd)
{
	int error = faults_count(FAULTS_REOPEN);

	return error < 0 ? error : rota__sys_real.reopen(fd);
}

static int
set_flags(int fd, int flags)
{
	int error = faults_count(FAULTS_SET_FLAGS);

	return error < 0 ? error : rota__sys_real.set_flags(fd, flags);
}

static int
set_termios(int fd, const struct termios *termios)
{
	int error = faults_count(FAULTS_SET_TERMIOS);

	return error < 0 ? error : rota__sys_real.set_termios(fd, termios);
}

static int
set_window(int fd, const unsigned sizes[4])
{
	int error = faults_count(FAULTS_SET_WINDOW);

	return error < 0 ? error : rota__sys_real.set_window(fd, sizes);
}

static int
make_socketpair(int ret_fds[2])
{
	int error = faults_count(FAULTS_SOCKETPAIR);

	return error < 0 ? error : rota__sys_real.socketpair(ret_fds);
}

static pid_t
start_child(struct rota__spawn *spawn)
{
	int error = faults_count(FAULTS_SPAWN);

	return error < 0 ? error : rota__sys_real.spawn(spawn);
}

static int
remove_file(const char *path)
{
	int error = faults_count(FAULTS_UNLINK);

	return error < 0 ? error : rota__sys_real.unlink(path);
}

static pid_t
wait_for(pid_t pid, int *ret_status, int flags, struct rusage *ret_usage)
{
	int error = faults_count(FAULTS_WAIT);

	return error < 0 ?
		error :
		rota__sys_real.wait(pid, ret_status, flags, ret_usage);
}

static ssize_t
write_to_pipe(int fd, const struct iovec *buffers, unsigned n)
{
	int error = faults_count(FAULTS_WRITE_PIPE);

	return error < 0 ? error : rota__sys_real.write_pipe(fd, buffers, n);
}

void
faults_fill_others(struct rota_sys *sys)
{
	sys->exit_kill = kill_process;
	sys->exit_open = open_exit;
	sys->file_add = file_add;
	sys->file_open = file_open;
	sys->file_read = file_read;
	sys->get_flags = get_flags;
	sys->get_termios = get_termios;
	sys->get_window = get_window;
	sys->list = list;
	sys->lstat = lstat_path;
	sys->mute_sigpipe = mute_sigpipe;
	sys->open_spare = open_spare;
	sys->peer_credentials = get_peer;
	sys->pipe = make_pipe;
	sys->pty_open = open_pty;
	sys->reopen = reopen;
	sys->set_flags = set_flags;
	sys->set_termios = set_termios;
	sys->set_window = set_window;
	sys->socketpair = make_socketpair;
	sys->spawn = start_child;
	sys->stat = stat_path;
	sys->unlink = remove_file;
	sys->wait = wait_for;
	sys->write_pipe = write_to_pipe;
}
