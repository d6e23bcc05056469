/* SPDX-License-Identifier: MIT */
/* The choice of a backend, and what can be told of each. */
#include "core/choose.h"

#include <errno.h>
#include <string.h>

#include "rota/backend.h"

static int
open_one(struct rota_loop *loop, const struct rota__backend *backend)
{
	const char *reason = "";
	void *state;
	int r;

	if (backend == NULL)
		return -ENOSYS;
	state = rota__realloc(&loop->memory, NULL, backend->state_size);
	if (state == NULL)
		return -ENOMEM;
	memset(state, 0, backend->state_size);
	r = backend->open(state, loop->sys, &loop->memory, &reason);
	if (r < 0) {
		rota__free(&loop->memory, state);
		return r;
	}
	loop->backend = backend;
	loop->backend_state = state;
	loop->capabilities = (unsigned)r;
	return 0;
}

/* Finds a name of n bytes; -1 if there is none. */
static int
find(const char *name, size_t n)
{
	unsigned i;

	for (i = 0; i < rota__n_backends; i++)
		if (strlen(rota__backends[i].name) == n &&
			strncmp(rota__backends[i].name, name, n) == 0)
			return (int)i;
	return -1;
}

static int
choose_any(struct rota_loop *loop)
{
	int r = -ENOSYS;
	int error;
	unsigned i;

	for (i = 0; i < rota__n_backends; i++) {
		error = open_one(loop, rota__backends[i].backend);
		if (error == 0)
			return 0;
		if (rota__backends[i].backend != NULL)
			r = error;
	}
	return r;
}

/* All names are looked up before any backend is tried. */
static int
check_names(const char *names)
{
	size_t n;

	for (;; names += n + 1) {
		n = strcspn(names, ",");
		if (find(names, n) < 0)
			return -ENOENT;
		if (names[n] == '\0')
			return 0;
	}
}

int
rota__choose_backend(struct rota_loop *loop, const char *names)
{
	size_t n;
	int r;

	if (names == NULL || *names == '\0')
		return choose_any(loop);
	r = check_names(names);
	if (r < 0)
		return r;
	for (;; names += n + 1) {
		n = strcspn(names, ",");
		r = open_one(loop, rota__backends[find(names, n)].backend);
		if (r == 0 || names[n] == '\0')
			return r;
	}
}

/* Opens and closes it again; the capabilities, or why not. */
static int
try_out(const struct rota__backend *backend, const char **ret_reason)
{
	struct rota__memory memory = rota__sys_memory(&rota__sys_real);
	void *state = rota__realloc(&memory, NULL, backend->state_size);
	int r = -ENOMEM;

	*ret_reason = "no memory";
	if (state != NULL) {
		memset(state, 0, backend->state_size);
		r = backend->open(state, &rota__sys_real, &memory, ret_reason);
		if (r >= 0)
			backend->close(state, 0);
		rota__free(&memory, state);
	}
	if (r >= 0)
		*ret_reason = "";
	return r;
}

/* The number in the registry of the n-th in the order that is told. */
static unsigned
nth(unsigned n)
{
	unsigned i;
	unsigned at = 0;

	for (i = 0; i < rota__n_backends; i++)
		if (rota__backends[i].backend != NULL && at++ == n)
			return i;
	for (i = 0; i < rota__n_backends; i++)
		if (rota__backends[i].backend == NULL && at++ == n)
			return i;
	return 0;
}

static void
describe(const struct rota__backend_entry *entry, struct rota_backend_info *to)
{
	int r = -ENOSYS;

	memset(to, 0, sizeof(*to));
	to->name = entry->name;
	to->is_built = entry->backend != NULL;
	to->reason = "not in this build";
	if (entry->backend != NULL)
		r = try_out(entry->backend, &to->reason);
	if (r < 0)
		to->error = r;
	else
		to->capabilities = (unsigned)r;
}

int
rota_backend_info(unsigned index, struct rota_backend_info *ret_info)
{
	struct rota_backend_info info;
	struct rota_backend_info other;
	unsigned i;

	if (ret_info == NULL)
		return -EINVAL;
	if (index >= rota__n_backends)
		return -ENOENT;
	describe(&rota__backends[nth(index)], &info);
	info.is_default = info.error == 0;
	for (i = 0; i < index && info.is_default; i++) {
		describe(&rota__backends[nth(i)], &other);
		info.is_default = other.error != 0;
	}
	*ret_info = info;
	return 0;
}

const char *
rota_backend_capability_name(unsigned capability)
{
	static const char *const names[] = { "edge", "scales", "nanoseconds",
		"fd", "priority", "hangup" };
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (capability == 1u << i)
			return names[i];
	return NULL;
}
