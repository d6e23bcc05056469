/* SPDX-License-Identifier: MIT */
/*
 * Passes an open file to another process, over a unix-domain socket.
 *
 *	./fd_pass send /tmp/door secret.txt &
 *	./fd_pass receive /tmp/door
 *
 * The receiver prints what is in the file. It needs no right to open it, nor
 * a name for it: it gets a descriptor that the sender has opened.
 *
 * Worth a look:
 *  - open_door(): what a server that was killed has left behind is replaced,
 *    and our file is removed when the handle is closed.
 *  - on_connection(): who is there is known before anything is sent.
 *  - on_read() of the receiver: the descriptor is there with the byte that
 *    announces it. That descriptor and our standard output are streams like
 *    any other, whatever they are, and one is poured into the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rota.h>

/* What goes with the descriptor. */
#define ANNOUNCEMENT 'F'

struct sender {
	struct rota_loop *loop;
	struct rota_unix door;
	struct rota_unix guest;
	struct rota_unix_write write;
	char byte;
	int fd;
	int failed;
};

struct receiver {
	struct rota_loop *loop;
	struct rota_unix un;
	struct rota_connect connect;
	struct rota_stream file;
	struct rota_stream output;
	struct rota_pump pump;
	int failed;
};

static const char usage[] =
	"usage: fd_pass [OPTIONS] send SOCKET FILE\n"
	"       fd_pass [OPTIONS] receive SOCKET\n"
	"Passes an open file to another process, which prints it.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --help           this text\n";

static int
complain(const char *what, int error)
{
	fprintf(stderr, "fd_pass: %s: %s\n", what, rota_error_text(error));
	return error;
}

/* The sender. */

static void
on_sent(struct rota_write *write, int status)
{
	struct sender *sender = write->request.data;

	if (status < 0)
		sender->failed = complain("cannot send", status);
	rota_handle_close(&sender->guest.stream.handle, NULL);
}

static int
send_fd(struct sender *sender)
{
	struct iovec announcement = { &sender->byte, 1 };

	sender->byte = ANNOUNCEMENT;
	sender->write.write.request.data = sender;
	return rota_unix_write_fds(&sender->guest, &sender->write,
		&announcement, 1, &sender->fd, 1, on_sent);
}

static void
on_connection(struct rota_stream *door, int status)
{
	struct sender *sender = door->handle.data;
	struct rota_unix_credentials who;

	/* The listener goes on by itself. */
	if (status < 0) {
		complain("accept", status);
		return;
	}
	status = rota_unix_init(sender->loop, &sender->guest, 0);
	if (status == 0) {
		status = rota_stream_accept(door, &sender->guest.stream);
		if (status == 0)
			status = rota_unix_peer_credentials(
				&sender->guest, &who);
		if (status == 0) {
			fprintf(stderr, "passing it to user %ld, process %ld\n",
				(long)who.uid, (long)who.pid);
			status = send_fd(sender);
		}
		if (status < 0)
			rota_handle_close(&sender->guest.stream.handle, NULL);
	}
	if (status < 0)
		sender->failed = complain("cannot serve", status);
	/* One guest is enough. */
	rota_handle_close(&door->handle, NULL);
}

static int
open_door(struct sender *sender, const char *path)
{
	int r = rota_unix_init(sender->loop, &sender->door, 0);

	if (r < 0)
		return r;
	sender->door.stream.handle.data = sender;
	r = rota_unix_bind(&sender->door, path, strlen(path),
		ROTA_UNIX_REPLACE_STALE | ROTA_UNIX_UNLINK);
	if (r == 0)
		r = rota_stream_listen(&sender->door.stream, 1, on_connection);
	if (r < 0)
		rota_handle_close(&sender->door.stream.handle, NULL);
	return r;
}

static int
run_sender(struct rota_loop *loop, const char *path, const char *file)
{
	struct sender sender = { .loop = loop };
	int r;

	sender.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (sender.fd < 0)
		return complain(file, -errno);
	r = open_door(&sender, path);
	if (r < 0)
		complain(path, r);
	if (rota_loop_run(loop, ROTA_RUN_DEFAULT) < 0 || sender.failed)
		r = -1;
	close(sender.fd);
	return r;
}

/* The receiver. */

static void
close_files(struct receiver *receiver)
{
	rota_handle_close(&receiver->file.handle, NULL);
	rota_handle_close(&receiver->output.handle, NULL);
}

static void
on_poured(struct rota_pump *pump, int status)
{
	struct receiver *receiver = pump->request.data;

	if (status < 0)
		receiver->failed = complain("cannot print it", status);
	close_files(receiver);
}

static int
print_file(struct receiver *receiver, int fd)
{
	int r = rota_stream_open(receiver->loop, &receiver->file, fd, 0);

	if (r < 0) {
		close(fd);
		return r;
	}
	receiver->pump.request.data = receiver;
	r = rota_stream_open(receiver->loop, &receiver->output, STDOUT_FILENO,
		ROTA_OPEN_KEEP);
	if (r == 0) {
		r = rota_pipe_streams(&receiver->pump, &receiver->file,
			&receiver->output, ROTA_PUMP_KEEP_OPEN, on_poured);
		if (r < 0)
			rota_handle_close(&receiver->output.handle, NULL);
	}
	if (r < 0)
		rota_handle_close(&receiver->file.handle, NULL);
	return r;
}

static void
on_read(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct receiver *receiver = stream->handle.data;
	int r = n < 0 ? (int)n : -EPROTO;

	if (n > 0 && *(const char *)data == ANNOUNCEMENT)
		r = rota_unix_take_fd(&receiver->un);
	if (r >= 0)
		r = print_file(receiver, r);
	if (r < 0)
		receiver->failed = complain("got no file", r);
	rota_handle_close(&stream->handle, NULL);
}

static void
on_connect(struct rota_connect *connect, int status)
{
	struct receiver *receiver = connect->request.data;

	if (status == 0)
		status = rota_stream_read_start(
			&receiver->un.stream, NULL, on_read);
	if (status == 0)
		return;
	receiver->failed = complain("cannot connect", status);
	rota_handle_close(&receiver->un.stream.handle, NULL);
}

static int
run_receiver(struct rota_loop *loop, const char *path)
{
	struct receiver receiver = { .loop = loop };
	int r = rota_unix_init(loop, &receiver.un, 0);

	if (r < 0)
		return complain("cannot make a socket", r);
	receiver.un.stream.handle.data = &receiver;
	receiver.connect.request.data = &receiver;
	/* Without asking for them none come in. */
	r = rota_unix_receive_fds(&receiver.un, 1);
	if (r == 0)
		r = rota_unix_connect(&receiver.un, &receiver.connect, path,
			strlen(path), on_connect);
	if (r < 0) {
		complain(path, r);
		rota_handle_close(&receiver.un.stream.handle, NULL);
	}
	if (rota_loop_run(loop, ROTA_RUN_DEFAULT) < 0 || receiver.failed)
		r = -1;
	return r;
}

/* Returns -1 to go on, else the exit code. */
static int
read_options(int argc, char **argv, struct rota_loop_options *options)
{
	static const struct option known[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'b':
			options->backend = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *loop;
	int sends;
	int r = read_options(argc, argv, &options);

	if (r >= 0)
		return r;
	argv += optind;
	argc -= optind;
	sends = argc == 3 && strcmp(argv[0], "send") == 0;
	if (!sends && (argc != 2 || strcmp(argv[0], "receive") != 0)) {
		fputs(usage, stderr);
		return 2;
	}
	r = rota_loop_create(&options, &loop);
	if (r < 0) {
		complain("cannot make a loop", r);
		return 1;
	}
	r = sends ? run_sender(loop, argv[1], argv[2]) :
		    run_receiver(loop, argv[1]);
	if (rota_loop_close(loop) < 0)
		r = -1;
	return r < 0 ? 1 : 0;
}
