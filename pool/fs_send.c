/* SPDX-License-Identifier: MIT */
/* Bytes of one file sent to another descriptor. */
#include <errno.h>
#include <limits.h>

#include "pool/fs.h"
#include "rota/fs_io.h"

struct sending {
	struct rota_fs *fs;
	/* NULL as long as the kernel sends. */
	char *buffer;
	int64_t offset;
	size_t n_left;
};

static ssize_t
send_by_kernel(const struct sending *sending, size_t n)
{
	const struct rota_fs *fs = sending->fs;

	return fs->sys->sendfile(
		fs->fd, fs->other_fd, (uint64_t)sending->offset, n);
}

/* What has been read and not been written is read again. */
static ssize_t
send_by_hand(const struct sending *sending, size_t n)
{
	const struct rota__sys_files *files = sending->fs->sys->files;
	struct iovec buffer = { sending->buffer, n };
	ssize_t r;

	if (n > ROTA__FS_BUFFER_BYTES)
		buffer.iov_len = ROTA__FS_BUFFER_BYTES;
	r = files->readv(sending->fs->other_fd, &buffer, 1, sending->offset);
	if (r <= 0)
		return r;
	buffer.iov_len = (size_t)r;
	return files->writev(sending->fs->fd, &buffer, 1, ROTA__SYS_HERE);
}

static ssize_t
send_some(struct sending *sending)
{
	size_t n = sending->n_left < ROTA__FS_PIECE_BYTES ?
		sending->n_left :
		ROTA__FS_PIECE_BYTES;
	ssize_t r;

	if (sending->buffer != NULL)
		return send_by_hand(sending, n);
	r = send_by_kernel(sending, n);
	if (!rota__sys_sendfile_refuses(r))
		return r;
	sending->buffer =
		rota__fs_realloc(sending->fs, NULL, ROTA__FS_BUFFER_BYTES);
	return sending->buffer == NULL ? -ENOMEM : send_by_hand(sending, n);
}

/* What has gone before an error counts, the error comes again. */
static int
work_sendfile(struct rota_fs *fs)
{
	struct sending sending = {
		.fs = fs, .offset = fs->offset, .n_left = fs->size_bytes
	};
	ssize_t r = 0;

	while (sending.n_left > 0) {
		r = rota__fs_is_over(fs) ? -ECANCELED : send_some(&sending);
		if (r <= 0)
			break;
		sending.offset += r;
		sending.n_left -= (size_t)r;
	}
	rota__fs_free(fs, sending.buffer);
	return r < 0 && sending.n_left == fs->size_bytes ?
		(int)r :
		(int)(fs->size_bytes - sending.n_left);
}

ROTA__FS_OP(sendfile, work_sendfile, NULL, ROTA__FS_NOTHING);

int
rota_fs_sendfile_with(struct rota_loop *loop, struct rota_fs *fs, int to,
	int from, int64_t offset, size_t size_bytes, rota_fs_fn *fn,
	const char *place)
{
	if (!rota__fs_is_fit(loop, fs, fn) || offset < 0 ||
		size_bytes > INT_MAX)
		return -EINVAL;
	if (to < 0 || from < 0)
		return -EBADF;
	rota__fs_about_fd(fs, to);
	fs->other_fd = from;
	fs->offset = offset;
	fs->size_bytes = size_bytes;
	return rota__fs_begin(loop, fs, &op_sendfile, fn, place);
}
