/* SPDX-License-Identifier: MIT */
/* Bytes from file to file inside the kernel, by copy_file_range(2). */
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/sys_files.h"

/*
 * Each of these is some kernel's or some container's way of saying that it
 * does not do this between these two files.
 */
static int
is_refusal(int error)
{
	return error == EXDEV || error == EINVAL || error == ENOSYS ||
		error == EOPNOTSUPP || error == EPERM || error == EBADF ||
		error == ETXTBSY;
}

ssize_t
rota__sys_copy(int from, int to, size_t size_bytes)
{
	ssize_t n;

	do
		n = copy_file_range(from, NULL, to, NULL, size_bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return n;
	return is_refusal(errno) ? -ENOTSUP : -errno;
}
