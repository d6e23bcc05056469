/* SPDX-License-Identifier: MIT */
/*
 * Terminals, on pseudo-terminals: modes and their end, sizes, hang-up, and
 * what others who use the same terminal notice. Line discipline is the
 * kernel's; here it is the proof that a mode has arrived.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "tests/harness.h"

/* What a person would type into and read from; and the program's end. */
static int keyboard;
static int terminal;
static struct termios original;

static void
open_terminal(void)
{
	keyboard = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(keyboard, 0);
	ck_ok(grantpt(keyboard));
	ck_ok(unlockpt(keyboard));
	terminal = open(ptsname(keyboard), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(terminal, 0);
	ck_assert_int_ge(fcntl(keyboard, F_SETFD, FD_CLOEXEC), 0);
	ck_assert_int_ge(fcntl(keyboard, F_SETFL, O_NONBLOCK), 0);
	ck_ok(tcgetattr(terminal, &original));
}

static void
close_terminal(void)
{
	close_all();
	ck_ok(close(terminal));
	ck_ok(close(keyboard));
}

static void
open_tty(struct rota_stream *tty)
{
	ck_ok(rota_stream_open(loop, tty, terminal, ROTA_OPEN_KEEP));
}

static struct termios
now_set(void)
{
	struct termios now;

	ck_ok(tcgetattr(terminal, &now));
	return now;
}

/* PENDIN is the kernel's own: it comes and goes by itself on the BSDs. */
static tcflag_t
settled(tcflag_t local)
{
	return local & ~(tcflag_t)PENDIN;
}

static int
is_original(void)
{
	struct termios now = now_set();

	return now.c_iflag == original.c_iflag &&
		now.c_oflag == original.c_oflag &&
		now.c_cflag == original.c_cflag &&
		settled(now.c_lflag) == settled(original.c_lflag) &&
		memcmp(now.c_cc, original.c_cc, sizeof(now.c_cc)) == 0;
}

static void
type(const char *text)
{
	ck_assert_int_eq(
		write(keyboard, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads what the terminal shows, until it holds `n` bytes. */
static void
ck_shows(const char *text)
{
	struct pollfd wait = { .fd = keyboard, .events = POLLIN };
	char shown[64] = "";
	size_t n = 0;

	while (n < strlen(text) && poll(&wait, 1, 5000) == 1) {
		ssize_t r = read(keyboard, shown + n, sizeof(shown) - 1 - n);

		ck_assert_int_gt(r, 0);
		n += (size_t)r;
	}
	shown[n] = '\0';
	ck_assert_str_eq(shown, text);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
}

/* Modes ***************************************************************/

static char typed[64];
static size_t n_typed;
static size_t n_awaited;

static void
on_typed(struct rota_stream *tty, ssize_t n, const void *data)
{
	ck_assert_int_gt(n, 0);
	ck_assert_uint_lt(n_typed + (size_t)n, sizeof(typed));
	memcpy(typed + n_typed, data, (size_t)n);
	n_typed += (size_t)n;
	if (n_typed >= n_awaited)
		ck_ok(rota_stream_read_stop(tty));
}

/* Runs until so many bytes have been read, which must be these. */
static void
ck_reads(struct rota_stream *tty, const char *text)
{
	memset(typed, 0, sizeof(typed));
	n_typed = 0;
	n_awaited = strlen(text);
	ck_ok(rota_stream_read_start(tty, NULL, on_typed));
	run_to_the_end();
	ck_assert_str_eq(typed, text);
}

LOOP_TEST(a_normal_terminal_echoes_and_gives_lines)
{
	struct rota_stream tty;

	open_terminal();
	open_tty(&tty);
	ck_err(rota_tty_get_mode(&tty), ROTA_TTY_NORMAL);
	type("hi\n");
	ck_reads(&tty, "hi\n");
	ck_shows("hi\r\n");
	close_terminal();
}

LOOP_TEST(without_echo_only_the_end_of_a_line_shows)
{
	struct rota_stream tty;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_NO_ECHO));
	ck_err(rota_tty_get_mode(&tty), ROTA_TTY_NO_ECHO);
	type("secret\n");
	ck_reads(&tty, "secret\n");
	ck_shows("\r\n");
	close_terminal();
}

LOOP_TEST(cbreak_gives_keys_at_once_and_unseen)
{
	struct rota_stream tty;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_CBREAK));
	type("k\r");
	ck_reads(&tty, "k\n");
	ck_shows("");
	ck_assert_uint_ne(now_set().c_lflag & ISIG, 0);
	ck_assert_uint_ne(now_set().c_oflag & OPOST, 0);
	close_terminal();
}

LOOP_TEST(raw_gives_every_byte_as_it_is_in_both_directions)
{
	struct rota_stream tty;
	struct iovec buffer = { (void *)"a\nb", 3 };

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	type("\x03\x1a\x04\r\x13\x7f");
	ck_reads(&tty, "\x03\x1a\x04\r\x13\x7f");
	ck_err(rota_stream_try_write(&tty, &buffer, 1), 3);
	ck_shows("a\nb");
	close_terminal();
}

LOOP_TEST(any_mode_can_follow_any_other)
{
	struct rota_stream tty;
	struct termios first[4];

	open_terminal();
	open_tty(&tty);
	for (int i = 0; i < 4; i++) {
		ck_ok(rota_tty_set_mode(&tty, (enum rota_tty_mode)i));
		first[i] = now_set();
	}
	for (int i = 0; i < 16; i++) {
		ck_ok(rota_tty_set_mode(&tty, (enum rota_tty_mode)(i / 4)));
		ck_ok(rota_tty_set_mode(&tty, (enum rota_tty_mode)(i % 4)));
		ck_assert_uint_eq(settled(now_set().c_lflag),
			settled(first[i % 4].c_lflag));
		ck_assert_uint_eq(now_set().c_iflag, first[i % 4].c_iflag);
		ck_assert_uint_eq(now_set().c_oflag, first[i % 4].c_oflag);
	}
	close_terminal();
}

/* Put back ************************************************************/

LOOP_TEST(closing_puts_the_terminal_back)
{
	struct rota_stream tty;

	open_terminal();
	for (int i = 1; i < 4; i++) {
		open_tty(&tty);
		ck_ok(rota_tty_set_mode(&tty, (enum rota_tty_mode)i));
		ck_assert(!is_original());
		ck_ok(rota_handle_close(&tty.handle, NULL));
		ck_assert(is_original());
		run_to_the_end();
	}
	close_terminal();
}

LOOP_TEST(normal_mode_is_how_it_was_before)
{
	struct rota_stream tty;

	open_terminal();
	original.c_cc[VERASE] = 'e';
	original.c_lflag &= ~(tcflag_t)ECHO;
	original.c_cc[VMIN] = 3;
	ck_ok(tcsetattr(terminal, TCSANOW, &original));
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_CBREAK));
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_NORMAL));
	ck_assert(is_original());
	close_terminal();
}

LOOP_TEST(a_terminal_that_was_not_changed_is_left_alone)
{
	struct rota_stream tty;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_NORMAL));
	original.c_cc[VERASE] = 'e';
	ck_ok(tcsetattr(terminal, TCSANOW, &original));
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_NORMAL));
	ck_ok(rota_tty_restore());
	ck_ok(rota_handle_close(&tty.handle, NULL));
	ck_assert(is_original());
	close_terminal();
}

LOOP_TEST(a_terminal_that_is_detached_is_put_back)
{
	struct rota_stream tty;
	int fd;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_ok(rota_stream_detach(&tty, &fd));
	ck_assert(is_original());
	ck_err(rota_tty_set_mode(&tty, ROTA_TTY_RAW), -ENOTCONN);
	ck_err(rota_tty_on_resize(&tty, NULL), -ENOTCONN);
	if (fd != terminal)
		ck_ok(close(fd));
	close_terminal();
}

/* What libcheck offers is not for signal handlers. */
static volatile sig_atomic_t restored;
static volatile sig_atomic_t errno_after;

static void
on_fatal_signal(int signum)
{
	(void)signum;
	errno = 12345;
	restored = rota_tty_restore();
	errno_after = errno;
}

LOOP_TEST(a_signal_handler_can_put_all_terminals_back)
{
	struct rota_stream tty;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_assert(signal(SIGUSR1, on_fatal_signal) != SIG_ERR);
	restored = -1;
	ck_ok(raise(SIGUSR1));
	ck_ok(restored);
	ck_assert_int_eq((int)errno_after, 12345);
	ck_assert(signal(SIGUSR1, SIG_DFL) != SIG_ERR);
	ck_assert(is_original());
	ck_err(rota_tty_get_mode(&tty), ROTA_TTY_RAW);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_assert(!is_original());
	close_terminal();
}

static void
put_back(void)
{
	(void)rota_tty_restore();
}

/* In a child, whose stream is never closed and whose loop is lost. */
LOOP_TEST(a_process_can_put_its_terminals_back_at_exit)
{
	static struct rota_stream tty;
	pid_t child;
	int status;

	open_terminal();
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct rota_loop *own = harness_make_loop();

		(void)atexit(put_back);
		if (rota_stream_open(own, &tty, terminal, ROTA_OPEN_KEEP) < 0 ||
			rota_tty_set_mode(&tty, ROTA_TTY_RAW) < 0)
			_exit(1);
		exit(now_set().c_lflag & ICANON ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(is_original());
	close_terminal();
}

LOOP_TEST(two_streams_of_one_terminal_put_it_back_with_the_last)
{
	struct rota_stream input, output;

	open_terminal();
	open_tty(&input);
	open_tty(&output);
	ck_ok(rota_tty_set_mode(&input, ROTA_TTY_CBREAK));
	ck_ok(rota_tty_set_mode(&output, ROTA_TTY_RAW));
	ck_ok(rota_handle_close(&input.handle, NULL));
	ck_assert_uint_eq(now_set().c_lflag & ICANON, 0);
	ck_ok(rota_tty_set_mode(&output, ROTA_TTY_NORMAL));
	ck_assert(is_original());
	close_terminal();
}

LOOP_TEST(a_close_that_flushes_puts_the_terminal_back)
{
	static char much[100000];
	struct iovec buffer = { much, sizeof(much) };
	struct rota_stream tty;
	struct pollfd wait = { .fd = keyboard, .events = POLLIN };

	memset(much, 'x', sizeof(much));
	open_terminal();
	open_tty(&tty);
	wait.fd = keyboard;
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_assert_int_ge(rota_stream_try_write(&tty, &buffer, 1), 0);
	ck_ok(rota_stream_close_flushed(&tty, NULL));
	while (rota_loop_alive(loop)) {
		while (poll(&wait, 1, 0) == 1)
			harness_drain(keyboard);
		run_once_checked(ROTA_RUN_NOWAIT);
	}
	ck_assert(is_original());
	close_terminal();
}

/* Size ****************************************************************/

static void
resize_window(unsigned short columns, unsigned short rows)
{
	struct winsize window = { .ws_col = columns, .ws_row = rows };

	ck_ok(ioctl(keyboard, TIOCSWINSZ, &window));
}

LOOP_TEST(the_size_is_told_and_can_be_set)
{
	struct rota_tty_size size = { 132, 50, 1320, 1000 };
	struct rota_stream tty;
	struct winsize window;

	open_terminal();
	resize_window(80, 25);
	open_tty(&tty);
	ck_ok(rota_tty_set_size(&tty, &size));
	ck_ok(ioctl(keyboard, TIOCGWINSZ, &window));
	ck_assert_uint_eq(window.ws_col, 132);
	ck_assert_uint_eq(window.ws_row, 50);
	resize_window(80, 25);
	ck_ok(rota_tty_get_size(&tty, &size));
	ck_assert_uint_eq(size.columns, 80);
	ck_assert_uint_eq(size.rows, 25);
	ck_assert_uint_eq(size.width_px, 0);
	close_terminal();
}

static struct rota_tty_size told;

static void
on_resize(struct rota_stream *tty, const struct rota_tty_size *size)
{
	trace_of(tty->handle.data);
	told = *size;
}

static void
watch_size(struct rota_stream *tty, const char *letter)
{
	open_tty(tty);
	tty->handle.data = (void *)letter;
	ck_ok(rota_tty_on_resize(tty, on_resize));
}

/* We are not in the terminal's foreground: the test sends the signal. */
static void
tell_resize(void)
{
	ck_ok(raise(SIGWINCH));
	run_once_checked(ROTA_RUN_NOWAIT);
}

LOOP_TEST(several_changes_of_size_make_one_call_with_the_last)
{
	struct rota_stream tty;

	open_terminal();
	resize_window(80, 25);
	watch_size(&tty, "s");
	ck_err(rota_loop_alive(loop), 0);
	for (unsigned short i = 1; i <= 3; i++) {
		resize_window(80 + i, 25);
		ck_ok(raise(SIGWINCH));
	}
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_trace("s");
	ck_assert_uint_eq(told.columns, 83);
	ck_assert_uint_eq(told.rows, 25);
	tell_resize();
	ck_trace("s");
	close_terminal();
}

LOOP_TEST(who_has_stopped_watching_is_not_told)
{
	struct rota_stream tty;
	struct sigaction now;

	open_terminal();
	watch_size(&tty, "s");
	ck_ok(rota_tty_on_resize(&tty, NULL));
	ck_ok(rota_tty_on_resize(&tty, NULL));
	ck_ok(sigaction(SIGWINCH, NULL, &now));
	ck_assert(now.sa_handler == SIG_DFL);
	resize_window(100, 10);
	tell_resize();
	ck_trace("");
	ck_ok(rota_tty_on_resize(&tty, on_resize));
	resize_window(101, 10);
	tell_resize();
	ck_trace("s");
	close_terminal();
	ck_ok(sigaction(SIGWINCH, NULL, &now));
	ck_assert(now.sa_handler == SIG_DFL);
}

static struct rota_stream ttys[3];

static void
close_neighbours(struct rota_stream *tty, const struct rota_tty_size *size)
{
	on_resize(tty, size);
	ck_ok(rota_handle_close(&ttys[0].handle, NULL));
	ck_ok(rota_handle_close(&ttys[1].handle, NULL));
}

LOOP_TEST(a_callback_may_close_itself_and_the_next)
{
	open_terminal();
	watch_size(&ttys[0], "a");
	watch_size(&ttys[1], "b");
	watch_size(&ttys[2], "c");
	ck_ok(rota_tty_on_resize(&ttys[0], close_neighbours));
	resize_window(100, 10);
	tell_resize();
	ck_trace("ac");
	resize_window(101, 10);
	tell_resize();
	ck_trace("acc");
	close_terminal();
}

/* Who uses the terminal too *******************************************/

static void
on_resize_exit(struct rota_stream *tty, const struct rota_tty_size *size)
{
	(void)tty;
	_exit(size->columns == 99 ? 0 : 2);
}

/* Makes the terminal the controlling one of a new session. */
static void
take_terminal(void)
{
	(void)alarm(20);
	if (setsid() < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0)
		_exit(77);
}

/* The end of a child, which must be good. */
static void
ck_ends_well(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
	ck_assert_msg(!WIFSTOPPED(status), "the child was stopped");
	ck_assert_msg(status == 0, "the child ended with %#x", status);
}

LOOP_TEST(the_kernel_tells_the_foreground_of_a_change_of_size)
{
	struct rota_loop *own;
	pid_t child;

	open_terminal();
	resize_window(80, 25);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		take_terminal();
		own = harness_make_loop();
		if (rota_stream_open(own, &ttys[0], terminal, 0) < 0 ||
			rota_tty_on_resize(&ttys[0], on_resize_exit) < 0 ||
			write(rota_stream_fd(&ttys[0]), "!", 1) != 1)
			_exit(3);
		for (;;)
			(void)rota_loop_run(own, ROTA_RUN_ONCE);
	}
	ck_shows("!");
	resize_window(99, 25);
	ck_ends_well(child);
	close_terminal();
}

/* Gives the foreground to a process group other than ours. */
static void
go_into_background(void)
{
	pid_t other = fork();

	if (other == 0) {
		(void)setpgid(0, 0);
		(void)pause();
		_exit(0);
	}
	if (other < 0 || setpgid(other, other) < 0 ||
		tcsetpgrp(terminal, other) < 0)
		_exit(4);
	if (tcgetpgrp(terminal) == getpgrp())
		_exit(5);
}

/* A session's first process is stopped too, if its parent can see it. */
static void
restore_in_background(int by_call)
{
	struct rota_loop *own;

	take_terminal();
	own = harness_make_loop();
	if (rota_stream_open(own, &ttys[0], terminal, ROTA_OPEN_KEEP) < 0 ||
		rota_tty_set_mode(&ttys[0], ROTA_TTY_RAW) < 0)
		_exit(3);
	go_into_background();
	if (by_call)
		(void)rota_tty_restore();
	else
		(void)rota_handle_close(&ttys[0].handle, NULL);
	_exit(is_original() ? 0 : 6);
}

LOOP_TEST(putting_back_in_the_background_does_not_stop_the_process)
{
	for (int by_call = 0; by_call < 2; by_call++) {
		pid_t child;

		open_terminal();
		child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0)
			restore_in_background(by_call);
		ck_ends_well(child);
		ck_assert(is_original());
		close_terminal();
	}
}

/* The example, run in a terminal as a person does. */
static pid_t
start_example(int number)
{
	const char *backend = harness_backend_name(number);
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child != 0)
		return child;
	take_terminal();
	for (int fd = 0; fd < 3; fd++)
		if (dup2(terminal, fd) < 0)
			_exit(8);
	(void)execl("examples/tty_keys", "tty_keys", "--backend", backend,
		(char *)NULL);
	_exit(9);
}

/* Waits until the example has shown this. */
static void
await(const char *text)
{
	struct pollfd wait = { .fd = keyboard, .events = POLLIN };
	char shown[4096] = "";
	size_t n = 0;

	while (strstr(shown, text) == NULL && n < sizeof(shown) - 1 &&
		poll(&wait, 1, 20000) == 1) {
		ssize_t r = read(keyboard, shown + n, sizeof(shown) - 1 - n);

		ck_assert_int_gt(r, 0);
		n += (size_t)r;
		shown[n] = '\0';
	}
	ck_assert_msg(
		strstr(shown, text) != NULL, "no \"%s\" in:\n%s", text, shown);
}

START_TEST(the_example_shows_keys_and_puts_the_terminal_back)
{
	static const int signals[] = { 0, SIGTERM, SIGINT, SIGHUP, SIGSEGV };
	int status;

	if (access("examples/tty_keys", X_OK) != 0) {
		(void)harness_skip("examples/tty_keys");
		return;
	}
	for (int i = 0; i < 5; i++) {
		pid_t child;

		open_terminal();
		child = start_example(i % harness_n_backends());
		await("window");
		ck_assert(!is_original());
		resize_window(70, 20);
		await("window 70 x 20\r\n");
		type("\x03");
		await("  3 0x03  ^C\r\n");
		if (signals[i] == 0)
			type("q");
		else
			ck_ok(kill(child, signals[i]));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(is_original());
		ck_assert_int_eq(WIFSIGNALED(status), signals[i] == SIGSEGV);
		ck_ok(close(terminal));
		ck_ok(close(keyboard));
	}
}
END_TEST

LOOP_TEST(the_flags_of_a_kept_terminal_stay_as_they_were)
{
	int before;
	struct rota_stream tty;

	open_terminal();
	before = fcntl(terminal, F_GETFL);
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_ok(rota_tty_on_resize(&tty, on_resize));
	type("k");
	ck_reads(&tty, "k");
	if (rota_stream_fd(&tty) != terminal)
		ck_assert_int_eq(fcntl(terminal, F_GETFL), before);
	close_all();
	ck_assert_int_eq(fcntl(terminal, F_GETFL), before);
	close_terminal();
}

/* As a shell's child has it: the same open file, read without poll. */
LOOP_TEST(another_process_reads_the_terminal_as_ever)
{
	struct rota_stream tty;
	pid_t child;
	char c = 0;

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_CBREAK));
	ck_ok(rota_stream_read_start(&tty, NULL, on_typed));
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_ok(rota_stream_read_stop(&tty));
	if (rota_stream_fd(&tty) == terminal) {
		close_terminal();
		return;
	}
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		_exit(read(terminal, &c, 1) == 1 && c == 'k' ? 0 : 1);
	(void)poll(NULL, 0, 20);
	type("k");
	ck_ends_well(child);
	close_terminal();
}

/* The end *************************************************************/

static void
on_end(struct rota_stream *tty, ssize_t n, const void *data)
{
	(void)tty;
	(void)data;
	trace(n == ROTA_EOF ? 'E' : '?');
}

LOOP_TEST(a_terminal_that_hung_up_ends_and_can_be_closed)
{
	struct rota_stream tty;
	struct rota_tty_size size = { 1, 1, 0, 0 };

	open_terminal();
	open_tty(&tty);
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	ck_ok(rota_tty_on_resize(&tty, on_resize));
	ck_ok(rota_stream_read_start(&tty, NULL, on_end));
	ck_ok(close(keyboard));
	run_to_the_end();
	ck_trace("E");
	(void)rota_tty_set_mode(&tty, ROTA_TTY_CBREAK);
	(void)rota_tty_get_size(&tty, &size);
	(void)rota_tty_restore();
	tell_resize();
	close_all();
	ck_ok(close(terminal));
}

static int countdown;

static void *
scarce_realloc(void *data, void *memory, size_t size_bytes)
{
	if (size_bytes > 0 && countdown > 0 && --countdown == 0)
		return NULL;
	return harness_realloc(data, memory, size_bytes);
}

/* Returns 1 if it did not run out of memory this time. */
static int
try_with_memory(int n)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *scarce;
	struct rota_stream tty;
	int r;

	options.realloc_fn = scarce_realloc;
	ck_ok(rota_loop_create(&options, &scarce));
	ck_ok(rota_stream_open(scarce, &tty, terminal, ROTA_OPEN_KEEP));
	countdown = n;
	r = rota_tty_set_mode(&tty, ROTA_TTY_RAW);
	if (r < 0) {
		ck_err(r, -ENOMEM);
		ck_assert(is_original());
	}
	countdown = 0;
	ck_ok(rota_tty_set_mode(&tty, ROTA_TTY_RAW));
	close_all_of(scarce);
	ck_ok(rota_loop_close(scarce));
	ck_assert(is_original());
	return r == 0;
}

START_TEST(without_memory_the_mode_stays)
{
	int n = 1;

	open_terminal();
	while (!try_with_memory(n))
		n++;
	ck_assert_int_gt(n, 2);
	ck_ok(close(terminal));
	ck_ok(close(keyboard));
}
END_TEST

static void
add_mode_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "modes");

	tcase_add_loop_test(tc, a_normal_terminal_echoes_and_gives_lines);
	tcase_add_loop_test(tc, without_echo_only_the_end_of_a_line_shows);
	tcase_add_loop_test(tc, cbreak_gives_keys_at_once_and_unseen);
	tcase_add_loop_test(
		tc, raw_gives_every_byte_as_it_is_in_both_directions);
	tcase_add_loop_test(tc, any_mode_can_follow_any_other);

	tc = harness_case(suite, "put back");
	tcase_add_loop_test(tc, closing_puts_the_terminal_back);
	tcase_add_loop_test(tc, normal_mode_is_how_it_was_before);
	tcase_add_loop_test(tc, a_terminal_that_was_not_changed_is_left_alone);
	tcase_add_loop_test(tc, a_terminal_that_is_detached_is_put_back);
	tcase_add_loop_test(tc, a_signal_handler_can_put_all_terminals_back);
	tcase_add_loop_test(tc, a_process_can_put_its_terminals_back_at_exit);
	tcase_add_loop_test(
		tc, two_streams_of_one_terminal_put_it_back_with_the_last);
	tcase_add_loop_test(tc, a_close_that_flushes_puts_the_terminal_back);
}

static void
add_cases(Suite *suite)
{
	TCase *tc;

	add_mode_cases(suite);

	tc = harness_case(suite, "size");
	tcase_add_loop_test(tc, the_size_is_told_and_can_be_set);
	tcase_add_loop_test(
		tc, several_changes_of_size_make_one_call_with_the_last);
	tcase_add_loop_test(tc, who_has_stopped_watching_is_not_told);
	tcase_add_loop_test(tc, a_callback_may_close_itself_and_the_next);

	tc = harness_case(suite, "others");
	tcase_add_loop_test(
		tc, the_kernel_tells_the_foreground_of_a_change_of_size);
	tcase_add_loop_test(
		tc, putting_back_in_the_background_does_not_stop_the_process);
	tcase_add_test(tc, the_example_shows_keys_and_puts_the_terminal_back);
	tcase_add_loop_test(tc, the_flags_of_a_kept_terminal_stay_as_they_were);
	tcase_add_loop_test(tc, another_process_reads_the_terminal_as_ever);

	tc = harness_case(suite, "end");
	tcase_add_loop_test(tc, a_terminal_that_hung_up_ends_and_can_be_closed);
	tcase_add_test(tc, without_memory_the_mode_stays);
}

HARNESS_MAIN("tty", add_cases)
