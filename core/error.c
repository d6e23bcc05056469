/* SPDX-License-Identifier: MIT */
/* Names and words for errors; a table, since strerror(3) has a locale. */
#include "rota/error.h"

#include <errno.h>

struct entry {
	int error;
	const char *name;
	const char *text;
};

#define ENTRY(name, text) \
	{ \
		-(name), #name, (text) \
	}

/* ROTA_EOF and the like are negative themselves. */
#define OURS(name, text) \
	{ \
		ROTA_##name, #name, (text) \
	}

static const struct entry entries[] = {
	OURS(EAI_ADDRFAMILY, "no address of that family"),
	OURS(EAI_AGAIN, "no answer from the name server, try again"),
	OURS(EAI_BADFLAGS, "invalid flags of a look-up"),
	OURS(EAI_FAIL, "name server failed"),
	OURS(EAI_FAMILY, "address family not supported by look-ups"),
	OURS(EAI_NODATA, "name has no record of that kind"),
	OURS(EAI_NONAME, "no such host or service"),
	OURS(EAI_OVERFLOW, "name too long for its place"),
	OURS(EAI_SERVICE, "no such service for that type of socket"),
	OURS(EAI_SOCKTYPE, "type of socket not supported by look-ups"),
	OURS(EOF, "the other side will send no more"),
	ENTRY(E2BIG, "argument list too long"),
	ENTRY(EACCES, "permission denied"),
	ENTRY(EADDRINUSE, "address in use"),
	ENTRY(EADDRNOTAVAIL, "address not available here"),
	ENTRY(EAFNOSUPPORT, "address family not supported"),
	ENTRY(EAGAIN, "not possible at the moment, try again"),
	ENTRY(EALREADY, "already under way, or over"),
	ENTRY(EBADF, "not an open descriptor"),
	ENTRY(EBUSY, "in use"),
	ENTRY(ECANCELED, "cancelled"),
	ENTRY(ECHILD, "no such child process"),
	ENTRY(ECONNABORTED, "connection aborted"),
	ENTRY(ECONNREFUSED, "connection refused by peer"),
	ENTRY(ECONNRESET, "connection reset by peer"),
	ENTRY(EDESTADDRREQ, "destination address required"),
	ENTRY(EDQUOT, "quota of disk space is used up"),
	ENTRY(EEXIST, "exists already"),
	ENTRY(EFAULT, "bad address of memory"),
	ENTRY(EFBIG, "file too large"),
	ENTRY(EHOSTDOWN, "host is down"),
	ENTRY(EHOSTUNREACH, "no route to host"),
	ENTRY(EINPROGRESS, "in progress"),
	ENTRY(EINTR, "interrupted by a signal"),
	ENTRY(EINVAL, "invalid argument or state"),
	ENTRY(EIO, "input/output error"),
	ENTRY(EISCONN, "connected already"),
	ENTRY(EISDIR, "is a directory"),
	ENTRY(ELOOP, "too many symbolic links"),
	ENTRY(EMFILE, "too many open descriptors in this process"),
	ENTRY(EMLINK, "too many links"),
	ENTRY(EMSGSIZE, "message too long"),
	ENTRY(ENAMETOOLONG, "name too long"),
	ENTRY(ENETDOWN, "network is down"),
	ENTRY(ENETUNREACH, "no route to network"),
	ENTRY(ENFILE, "too many open files in the system"),
	ENTRY(ENOBUFS, "no buffer space"),
	ENTRY(ENODATA, "no such attribute, or no data"),
	ENTRY(ENODEV, "no such device"),
	ENTRY(ENOENT, "no such name"),
	ENTRY(ENOEXEC, "not executable"),
	ENTRY(ENOMEM, "out of memory"),
	ENTRY(ENOPROTOOPT, "no such protocol option"),
	ENTRY(ENOSPC, "no space left"),
	ENTRY(ENOSYS, "not in this system or build"),
	ENTRY(ENOTCONN, "not connected"),
	ENTRY(ENOTDIR, "not a directory"),
	ENTRY(ENOTEMPTY, "directory not empty"),
	ENTRY(ENOTSOCK, "not a socket"),
	ENTRY(ENOTSUP, "not supported here"),
	ENTRY(ENOTTY, "not a terminal"),
	ENTRY(ENXIO, "no such device or address"),
	ENTRY(EOVERFLOW, "value too large"),
	ENTRY(EPERM, "not permitted"),
	ENTRY(EPIPE, "the other side does not read any more"),
	ENTRY(EPROTO, "protocol error"),
	ENTRY(EPROTONOSUPPORT, "protocol not supported"),
	ENTRY(EPROTOTYPE, "wrong type for the protocol"),
	ENTRY(ERANGE, "result out of range"),
	ENTRY(EROFS, "file system is read-only"),
	ENTRY(ESPIPE, "cannot seek here"),
	ENTRY(ESRCH, "no such process"),
	ENTRY(ESTALE, "file handle is no longer good"),
	ENTRY(ETIMEDOUT, "timed out"),
	ENTRY(ETXTBSY, "program file is in use"),
	ENTRY(EXDEV, "across file systems"),
};

static const struct entry *
find(int error)
{
	static const struct entry success = { 0, "OK", "success" };
	static const struct entry unknown = { 1, "UNKNOWN", "unknown error" };
	size_t i;

	if (error == 0)
		return &success;
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (entries[i].error == error)
			return &entries[i];
	return &unknown;
}

const char *
rota_error_name(int error)
{
	return find(error)->name;
}

const char *
rota_error_text(int error)
{
	return find(error)->text;
}
