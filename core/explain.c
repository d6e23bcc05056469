/* SPDX-License-Identifier: MIT */
/* Why a process could not be started, in words. */
#include <errno.h>
#include <stdio.h>

#include "rota/error.h"
#include "rota/process.h"

#define STEP(name, words) \
	{ \
		(name), (words) \
	}

/* Name and words of each step; a name of what it was about may follow. */
static const struct {
	const char *name;
	const char *words;
} steps[] = {
	[ROTA_SPAWN_DONE] = STEP("done", ""),
	[ROTA_SPAWN_OPTIONS] = STEP("options", "the options are no good"),
	[ROTA_SPAWN_MEMORY] = STEP("memory", "cannot make ready"),
	[ROTA_SPAWN_PIPE] = STEP("pipe", "cannot make the other end of"),
	[ROTA_SPAWN_FORK] = STEP("fork", "cannot make a process"),
	[ROTA_SPAWN_SESSION] = STEP("session", "cannot move to its group"),
	[ROTA_SPAWN_FD] = STEP("fd", "cannot set up"),
	[ROTA_SPAWN_TERMINAL] = STEP("terminal", "cannot take as terminal"),
	[ROTA_SPAWN_LIMIT] = STEP("limit", "cannot set limit of"),
	[ROTA_SPAWN_GROUPS] = STEP("groups", "cannot set groups"),
	[ROTA_SPAWN_GID] = STEP("gid", "cannot become group"),
	[ROTA_SPAWN_UID] = STEP("uid", "cannot become user"),
	[ROTA_SPAWN_CWD] = STEP("cwd", "cannot enter directory"),
	[ROTA_SPAWN_EXEC] = STEP("exec", "cannot run"),
	[ROTA_SPAWN_WATCH] = STEP("watch", "cannot hear of its end"),
};

static int
is_step(unsigned step)
{
	return step < sizeof(steps) / sizeof(steps[0]);
}

const char *
rota_spawn_step_name(enum rota_spawn_step step)
{
	return is_step((unsigned)step) ? steps[step].name : "unknown";
}

/* Writes what it was about behind a space, or nothing. */
static void
name_object(const struct rota_process *process,
	const struct rota_process_options *options, char *text,
	size_t size_bytes)
{
	*text = '\0';
	switch (process->step) {
	case ROTA_SPAWN_PIPE:
	case ROTA_SPAWN_FD:
	case ROTA_SPAWN_TERMINAL:
		(void)snprintf(text, size_bytes, " descriptor %u",
			(unsigned)process->index);
		break;
	case ROTA_SPAWN_LIMIT:
		if (process->index < options->n_limits)
			(void)snprintf(text, size_bytes, " resource %d",
				options->limits[process->index].resource);
		break;
	case ROTA_SPAWN_GID:
		(void)snprintf(
			text, size_bytes, " %lu", (unsigned long)options->gid);
		break;
	case ROTA_SPAWN_UID:
		(void)snprintf(
			text, size_bytes, " %lu", (unsigned long)options->uid);
		break;
	case ROTA_SPAWN_CWD:
		(void)snprintf(text, size_bytes, " \"%s\"",
			options->cwd ? options->cwd : "");
		break;
	case ROTA_SPAWN_EXEC:
		(void)snprintf(text, size_bytes, " \"%s\"",
			options->file ? options->file : options->argv[0]);
		break;
	default:
		break;
	}
}

int
rota_process_explain(const struct rota_process *process,
	const struct rota_process_options *options, char *text,
	size_t size_bytes)
{
	char object[512] = "";

	if (process == NULL || text == NULL || size_bytes == 0)
		return -EINVAL;
	*text = '\0';
	if (process->step == ROTA_SPAWN_DONE || !is_step(process->step))
		return 0;
	if (options != NULL && process->step != ROTA_SPAWN_OPTIONS)
		name_object(process, options, object, sizeof(object));
	(void)snprintf(text, size_bytes, "%s%s: %s", steps[process->step].words,
		object, rota_error_text(process->error));
	return 0;
}
