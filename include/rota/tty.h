/* SPDX-License-Identifier: MIT */
/*
 * Terminals: how they treat keys, how large they are, and how they were
 * before. A terminal is a stream like any other, made by rota_stream_open()
 * (of standard input, say); these calls work on such a stream and return
 * -ENOTTY on one that is something else, -ENOTCONN after rota_stream_detach(),
 * which puts the terminal back too. The page docs/tty.md has more.
 */
#ifndef ROTA_TTY_H
#define ROTA_TTY_H

#include <rota/stream.h>
#include <rota/types.h>

ROTA_BEGIN_C

enum rota_tty_mode {
	/* As it was before rota first changed it. */
	ROTA_TTY_NORMAL = 0,
	/* The same without echo, for passwords; the end of a line shows. */
	ROTA_TTY_NO_ECHO = 1,
	/* Keys come at once and without echo; ^C and the like still signal. */
	ROTA_TTY_CBREAK = 2,
	/*
	 * Bytes go in and out as they are: no echo, no signals, no "\r" in
	 * front of a "\n" that is written.
	 */
	ROTA_TTY_RAW = 3
};

/* In characters, and in pixels where the terminal knows (else 0). */
struct rota_tty_size {
	unsigned columns;
	unsigned rows;
	unsigned width_px;
	unsigned height_px;
};

typedef void rota_tty_resize_fn(
	struct rota_stream *tty, const struct rota_tty_size *size);

/*
 * Sets how the terminal treats what is typed and written. It belongs to the
 * terminal: all who use it, other programs too, have the mode. It is put back
 * when the stream closes, and when the last of several streams on the same
 * terminal closes or is set to ROTA_TTY_NORMAL. The change is at once; output
 * on its way may be treated in either mode.
 *
 * errors: -EINVAL tty is NULL, closing or closed, or there is no such mode;
 *	-ENOTTY; -ENOMEM; those of tcsetattr(3), as -EIO after a hang-up. The
 *	mode is as before then.
 * when: the loop's thread. In a background process the kernel stops the
 *	process until it is in the foreground (unless it changes nothing, or
 *	back to ROTA_TTY_NORMAL, which never stops).
 * source: termios(4), tcsetattr(3), TCSANOW.
 */
ROTA_API int rota_tty_set_mode(
	struct rota_stream *tty, enum rota_tty_mode mode);

/*
 * Returns the mode set last with this stream, ROTA_TTY_NORMAL at first.
 * errors: -EINVAL tty is NULL, closing or closed; -ENOTTY.
 * when: the loop's thread.
 */
ROTA_API int rota_tty_get_mode(const struct rota_stream *tty);

/*
 * Puts all terminals whose mode this process has changed back to what they
 * were. For the moments when no stream gets closed: in a handler of SIGTERM
 * that ends the process, before it stops for SIGTSTP, in atexit(3). It does
 * not change what rota_tty_get_mode() says; a set_mode() sets the mode anew.
 *
 * Never stops the process or waits, in the background neither.
 *
 * errors: that of the last terminal that could not be put back; the others
 *	are.
 * when: any thread, any callback, a signal handler, at exit. In the child of
 *	a fork too, where it changes the parent's terminal.
 */
ROTA_API int rota_tty_restore(void);

/*
 * Tells the size of the terminal's window.
 * errors: -EINVAL an argument is NULL, or tty is closing or closed; -ENOTTY;
 *	-EIO after a hang-up. *ret_size is untouched then.
 * when: the loop's thread.
 * source: tty(4), TIOCGWINSZ.
 */
ROTA_API int rota_tty_get_size(
	const struct rota_stream *tty, struct rota_tty_size *ret_size);

/*
 * Says how large the window is, which is for those who make one; the processes
 * in it are told by SIGWINCH.
 * unit: each at most 65535.
 * errors: -EINVAL an argument is NULL, a number is too large, or tty is
 *	closing or closed; -ENOTTY; -EIO after a hang-up.
 * when: the loop's thread.
 * source: tty(4), TIOCSWINSZ.
 */
ROTA_API int rota_tty_set_size(
	struct rota_stream *tty, const struct rota_tty_size *size);

/*
 * Calls `fn` when the size of the window has changed, with the new one;
 * several changes before the call make one. NULL ends it. It does not hold
 * the loop. Called in the poll phase, with the signals.
 *
 * The kernel tells only the foreground processes of the terminal that is the
 * controlling one, by SIGWINCH.
 *
 * shape: the size is valid inside `fn` only.
 * errors: -EINVAL tty is NULL, closing or closed; -ENOTTY; -ENOMEM; -EIO
 *	after a hang-up; those of sigaction(2). Nothing changes then.
 * when: the loop's thread.
 */
ROTA_API int rota_tty_on_resize_at(
	struct rota_stream *tty, rota_tty_resize_fn *fn, const char *place);
#define rota_tty_on_resize(tty, fn) \
	rota_tty_on_resize_at(tty, fn, ROTA_PLACE(fn))

ROTA_END_C

#endif
