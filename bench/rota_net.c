/* SPDX-License-Identifier: MIT */
/* rota: connections that come and go, and datagrams. */
#include <netinet/in.h>
#include <sys/socket.h>

#include <rota.h>

#include "bench/rota.h"

/* Connections. */

struct guest {
	struct rota_tcp tcp;
	struct churn *churn;
	struct guest *next;
};

/* Those that have gone, for those that come. */
static struct guest *free_guests;

static void
on_closed(struct rota_handle *handle)
{
	struct guest *guest = (struct guest *)handle;

	guest->next = free_guests;
	free_guests = guest;
	churn_done(guest->churn);
}

static void
on_question(struct rota_stream *stream, ssize_t n, const void *data)
{
	struct iovec buffer = { .iov_base = (void *)(uintptr_t)data };

	if (n > 0) {
		buffer.iov_len = (size_t)n;
		(void)rota_stream_try_write(stream, &buffer, 1);
	}
	(void)rota_handle_close(&stream->handle, on_closed);
}

static void
on_guest(struct rota_stream *listener, int status)
{
	struct guest *guest = free_guests;

	rota_must(status, "listen");
	if (guest)
		free_guests = guest->next;
	else
		guest = get_memory(1, sizeof(*guest));
	guest->churn = listener->handle.data;
	rota_must(
		rota_tcp_init(rota_handle_loop(&listener->handle), &guest->tcp),
		"tcp");
	rota_must(rota_stream_accept(listener, &guest->tcp.stream), "accept");
	rota_must(rota_stream_read_start(&guest->tcp.stream, NULL, on_question),
		"read");
}

void
bench_rota_churn(void *loop, struct churn *churn)
{
	static struct rota_tcp listener;

	listener.stream.handle.data = churn;
	rota_must(rota_tcp_init(loop, &listener), "tcp");
	rota_must(rota_tcp_open(&listener, churn->fd), "tcp");
	rota_must(
		rota_stream_listen(&listener.stream, 1024, on_guest), "listen");
}

/*
 * Datagrams. They are received many at a time; when all of one call are
 * there, the replies are sent in one callback, so that they go together.
 */

struct letter {
	struct rota_send send;
	struct iovec bytes;
	struct sockaddr_storage peer;
};

struct bag {
	struct bag *next;
	struct datagrams *datagrams;
	unsigned n_received;
	unsigned n_sending;
	struct letter letters[MAX_DATAGRAMS];
	char *memory;
};

static struct bag *free_bags;
static struct bag *filling;

static void
on_buffer(struct rota_udp *udp, struct iovec *ret_buffer)
{
	struct datagrams *datagrams = udp->handle.data;
	struct bag *bag = free_bags;

	if (bag) {
		free_bags = bag->next;
	} else {
		bag = get_memory(1, sizeof(*bag));
		bag->memory = get_memory(MAX_DATAGRAMS, datagrams->size_bytes);
		bag->datagrams = datagrams;
	}
	filling = bag;
	bag->n_received = 0;
	ret_buffer->iov_base = bag->memory;
	ret_buffer->iov_len = (size_t)MAX_DATAGRAMS * datagrams->size_bytes;
}

static void
on_sent(struct rota_send *send, int status)
{
	struct bag *bag = send->request.data;

	(void)status;
	if (--bag->n_sending > 0)
		return;
	bag->next = free_bags;
	free_bags = bag;
}

static void
reply(struct rota_udp *udp, struct bag *bag)
{
	bag->n_sending = bag->n_received;
	for (unsigned i = 0; i < bag->n_received; i++) {
		struct letter *letter = &bag->letters[i];

		letter->send.request.data = bag;
		rota_must(rota_udp_send(udp, &letter->send, &letter->bytes, 1,
				  (struct sockaddr *)&letter->peer, on_sent),
			"send");
		datagram_done(bag->datagrams);
	}
}

static void
on_datagram(struct rota_udp *udp, ssize_t n, const void *data,
	const struct rota_datagram *datagram)
{
	struct letter *letter;

	if (n < 0)
		return;
	letter = &filling->letters[filling->n_received++];
	letter->bytes.iov_base = (void *)(uintptr_t)data;
	letter->bytes.iov_len = (size_t)n;
	*(struct sockaddr_in *)&letter->peer =
		*(const struct sockaddr_in *)datagram->peer;
	if (datagram->flags & ROTA_DATAGRAM_LAST)
		reply(udp, filling);
}

void
bench_rota_datagrams(void *loop, struct datagrams *datagrams)
{
	static struct rota_udp udp;

	udp.handle.data = datagrams;
	rota_must(rota_udp_init(loop, &udp), "udp");
	rota_must(rota_udp_open(&udp, datagrams->fd), "udp");
	rota_must(rota_udp_set_datagram_bytes(&udp, datagrams->size_bytes),
		"udp");
	rota_must(rota_udp_receive_start(&udp, on_buffer, on_datagram),
		"receive");
}
