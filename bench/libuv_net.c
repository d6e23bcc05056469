/* SPDX-License-Identifier: MIT */
/* libuv: connections that come and go, and datagrams. */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "bench/libuv.h"

/* Connections. */

struct guest {
	uv_tcp_t tcp;
	struct churn *churn;
	struct guest *next;
};

static struct guest *free_guests;

static void
on_closed(uv_handle_t *handle)
{
	struct guest *guest = (struct guest *)handle;

	guest->next = free_guests;
	free_guests = guest;
	churn_done(guest->churn);
}

static void
on_question(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	if (n == 0)
		return;
	if (n > 0) {
		uv_buf_t reply = uv_buf_init(buffer->base, (unsigned)n);

		(void)uv_try_write(stream, &reply, 1);
	}
	uv_close((uv_handle_t *)stream, on_closed);
}

static void
on_guest(uv_stream_t *listener, int status)
{
	struct guest *guest = free_guests;

	libuv_must(status, "listen");
	if (guest)
		free_guests = guest->next;
	else
		guest = get_memory(1, sizeof(*guest));
	guest->churn = listener->data;
	libuv_must(uv_tcp_init(listener->loop, &guest->tcp), "tcp");
	libuv_must(uv_accept(listener, (uv_stream_t *)&guest->tcp), "accept");
	libuv_must(uv_read_start((uv_stream_t *)&guest->tcp, libuv_on_alloc,
			   on_question),
		"read");
}

void
libuv_churn(void *loop, struct churn *churn)
{
	static uv_tcp_t listener;

	libuv_must(uv_tcp_init(loop, &listener), "tcp");
	listener.data = churn;
	libuv_must(uv_tcp_open(&listener, churn->fd), "tcp");
	libuv_must(
		uv_listen((uv_stream_t *)&listener, 1024, on_guest), "listen");
}

/*
 * Datagrams. It receives many by one call if asked to, and if the buffer has
 * room for several of the largest kind. Replies are tried at once.
 */

#define N_AT_ONCE 20

static char memory[N_AT_ONCE * 65536];

static void
on_buffer(uv_handle_t *handle, size_t size_bytes, uv_buf_t *ret_buffer)
{
	(void)handle;
	(void)size_bytes;
	*ret_buffer = uv_buf_init(memory, sizeof(memory));
}

static void
on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buffer,
	const struct sockaddr *peer, unsigned flags)
{
	uv_buf_t reply;

	(void)flags;
	if (n <= 0 || !peer)
		return;
	reply = uv_buf_init(buffer->base, (unsigned)n);
	/* What does not fit is lost, as it may be on any network. */
	(void)uv_udp_try_send(udp, &reply, 1, peer);
	datagram_done(udp->data);
}

void
libuv_datagrams(void *loop, struct datagrams *datagrams)
{
	static uv_udp_t udp;

	libuv_must(uv_udp_init_ex(loop, &udp, UV_UDP_RECVMMSG), "udp");
	udp.data = datagrams;
	libuv_must(uv_udp_open(&udp, datagrams->fd), "udp");
	libuv_must(uv_udp_recv_start(&udp, on_buffer, on_datagram), "receive");
}
