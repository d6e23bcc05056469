/* SPDX-License-Identifier: MIT */
/*
 * Copies a file or a folder with all that is in it, many files at a time,
 * and says how far it is. SIGINT (Ctrl-C) ends it: what is under way stops
 * between two pieces, and no half-copied file stays.
 *
 *	./copy_tree --jobs 16 /usr/include /tmp/include
 *
 * Worth a look:
 *  - take_step(): each item goes its way by one request after the other, and
 *    every request's callback begins the next.
 *  - hurry(): so many items are under way, the others wait in a list.
 *  - on_signal(): cancelling is all it takes; each callback still comes.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rota.h>

#define MAX_JOBS 256
#define MAX_LINK_BYTES 4096

/* What is done next with an item. */
enum step {
	LOOK,
	COPY_FILE,
	MAKE_FOLDER,
	LIST_FOLDER,
	READ_LINK,
	MAKE_LINK,
	/* When all else is copied: a folder gets its permissions. */
	FINISH_FOLDER
};

/* Something to be copied: one name. */
struct item {
	struct program *program;
	struct item *next;
	struct rota_fs fs;
	enum step step;
	unsigned mode;
	char *from;
	char *to;
	char *link;
};

struct program {
	struct rota_loop *loop;
	struct rota_signal signal;
	struct rota_timer progress;
	/* Items that wait: folders go first, so that there is enough to do. */
	struct item *waiting;
	struct item *under_way[MAX_JOBS];
	int n_under_way;
	/* Folders whose permissions are set in the end, the deepest first. */
	struct item *folders;
	int max_jobs;
	int is_hurrying;
	int is_cancelled;
	int shows_progress;
	unsigned long n_files;
	unsigned long n_folders;
	unsigned long n_links;
	unsigned long n_failed;
	unsigned long long n_bytes;
};

static const char usage[] =
	"usage: copy_tree [OPTIONS] FROM TO\n"
	"Copies a file or folder. TO must not be there yet.\n"
	"  --backend NAME   epoll, kqueue, poll or select\n"
	"  --jobs N         so many files at a time, 1 to 256 (16)\n"
	"  --quiet          no line of progress\n"
	"  --help           this text\n";

static void take_step(struct item *item);
static void hurry(struct program *program);

static void
complain(const char *what, int error)
{
	fprintf(stderr, "copy_tree: %s: %s\n", what, rota_error_text(error));
}

/* Items **************************************************************/

static char *
join(const char *folder, const char *name)
{
	size_t n = strlen(folder) + strlen(name) + 2;
	char *path = malloc(n);

	if (path)
		(void)snprintf(
			path, n, "%s%s%s", folder, *name ? "/" : "", name);
	return path;
}

static void
free_item(struct item *item)
{
	if (!item)
		return;
	free(item->from);
	free(item->to);
	free(item->link);
	free(item);
}

/* Puts a name of a folder, or "" for the folder itself, in the list. */
static int
add_item(struct program *program, const char *from, const char *to,
	const char *name)
{
	struct item *item = calloc(1, sizeof(*item));

	if (!item)
		return -ENOMEM;
	item->program = program;
	item->from = join(from, name);
	item->to = join(to, name);
	if (!item->from || !item->to) {
		free_item(item);
		return -ENOMEM;
	}
	item->next = program->waiting;
	program->waiting = item;
	return 0;
}

static void
forget(struct item *item)
{
	struct program *program = item->program;
	int i = 0;

	while (program->under_way[i] != item)
		i++;
	program->under_way[i] = program->under_way[--program->n_under_way];
}

/* An item is through; folders stay until the end. */
static void
finish(struct item *item)
{
	struct program *program = item->program;

	forget(item);
	if (item->step == LIST_FOLDER) {
		item->step = FINISH_FOLDER;
		item->next = program->folders;
		program->folders = item;
	} else {
		free_item(item);
	}
	hurry(program);
}

static void
fail(struct item *item, int error)
{
	struct program *program = item->program;
	char text[1024];

	program->n_failed++;
	if (error != -ECANCELED || !program->is_cancelled) {
		if (rota_error_explain(
			    &item->fs.job.request, text, sizeof(text)) < 0 ||
			!*text)
			complain(item->from, error);
		else
			fprintf(stderr, "copy_tree: %s\n", text);
	}
	finish(item);
}

/* Steps **************************************************************/

static enum step
step_for(const struct item *item)
{
	if (S_ISDIR(item->mode))
		return MAKE_FOLDER;
	return S_ISLNK(item->mode) ? READ_LINK : COPY_FILE;
}

/* Others than files, folders and links are left out. */
static int
is_copied(unsigned mode)
{
	return S_ISDIR(mode) || S_ISLNK(mode) || S_ISREG(mode);
}

static int
add_entries(struct item *item)
{
	struct rota_fs_entry entry;
	int r = 0;

	while (r == 0 && rota_fs_next_entry(&item->fs, &entry) == 1)
		r = add_item(item->program, item->from, item->to, entry.name);
	(void)rota_fs_clear(&item->fs);
	return r;
}

static void
look_at(struct item *item)
{
	const struct rota_file_stat *stat = rota_fs_get_stat(&item->fs);

	item->mode = stat->mode;
	if (!is_copied(item->mode)) {
		fprintf(stderr, "copy_tree: %s: left out\n", item->from);
		finish(item);
		return;
	}
	if (S_ISREG(item->mode))
		item->program->n_bytes += stat->size_bytes;
	item->step = step_for(item);
	take_step(item);
}

static void
on_step(struct rota_fs *fs, int status)
{
	struct item *item = fs->job.request.data;
	struct program *program = item->program;

	if (status < 0) {
		fail(item, status);
		return;
	}
	switch (item->step) {
	case LOOK:
		look_at(item);
		return;
	case MAKE_FOLDER:
		item->step = LIST_FOLDER;
		take_step(item);
		return;
	case READ_LINK:
		item->step = MAKE_LINK;
		take_step(item);
		return;
	case LIST_FOLDER:
		program->n_folders++;
		if (add_entries(item) < 0)
			fail(item, -ENOMEM);
		else
			finish(item);
		return;
	case COPY_FILE:
		program->n_files++;
		break;
	case MAKE_LINK:
		program->n_links++;
		break;
	case FINISH_FOLDER:
		break;
	}
	finish(item);
}

static int
start_step(struct item *item)
{
	struct rota_loop *loop = item->program->loop;
	struct rota_fs *fs = &item->fs;

	switch (item->step) {
	case LOOK:
		return rota_fs_lstat(loop, fs, item->from, on_step);
	case COPY_FILE:
		return rota_fs_copyfile(loop, fs, item->from, item->to,
			ROTA_FS_COPY_NEW, on_step);
	case MAKE_FOLDER:
		/* Whatever its permissions will be, we must write to it. */
		return rota_fs_mkdir(loop, fs, item->to, 0700, on_step);
	case LIST_FOLDER:
		return rota_fs_scandir(loop, fs, item->from, on_step);
	case READ_LINK:
		item->link = malloc(MAX_LINK_BYTES);
		if (!item->link)
			return -ENOMEM;
		return rota_fs_readlink(loop, fs, item->from, item->link,
			MAX_LINK_BYTES, on_step);
	case MAKE_LINK:
		return rota_fs_symlink(loop, fs, item->link, item->to, on_step);
	case FINISH_FOLDER:
		return rota_fs_chmod(
			loop, fs, item->to, item->mode & 07777, on_step);
	}
	return -EINVAL;
}

static void
take_step(struct item *item)
{
	int r = item->program->is_cancelled ? -ECANCELED : start_step(item);

	if (r < 0)
		fail(item, r);
}

/* The loop ********************************************************/

static void
end_run(struct program *program)
{
	(void)rota_handle_close(&program->signal.handle, NULL);
	(void)rota_handle_close(&program->progress.handle, NULL);
}

/* Folders get their permissions when nothing is to be put there any more. */
static struct item *
take_next(struct program *program)
{
	struct item **from = &program->waiting;
	struct item *item;

	if (!*from && program->n_under_way == 0)
		from = &program->folders;
	item = *from;
	if (item)
		*from = item->next;
	return item;
}

/*
 * Gets as many items under way as may be. One that ends at once comes back
 * here, where it finds the loop at work already.
 */
static void
hurry(struct program *program)
{
	struct item *item;

	if (program->is_hurrying)
		return;
	program->is_hurrying = 1;
	while (program->n_under_way < program->max_jobs &&
		(item = take_next(program)) != NULL) {
		program->under_way[program->n_under_way++] = item;
		item->fs.job.request.data = item;
		take_step(item);
	}
	program->is_hurrying = 0;
	if (program->n_under_way == 0)
		end_run(program);
}

static void
show(const struct program *program, const char *end)
{
	if (!program->shows_progress)
		return;
	fprintf(stderr, "\r%lu files, %lu folders, %lu links, %.1f MB%s",
		program->n_files, program->n_folders, program->n_links,
		(double)program->n_bytes / 1e6, end);
	(void)fflush(stderr);
}

static void
on_progress(struct rota_timer *timer)
{
	show(timer->handle.data, "");
}

/* What waits ends with the first step that is not taken any more. */
static void
on_signal(struct rota_signal *signal, const struct rota_signal_event *event)
{
	struct program *program = signal->handle.data;
	int i;

	(void)event;
	program->is_cancelled = 1;
	for (i = 0; i < program->n_under_way; i++)
		(void)rota_request_cancel(
			&program->under_way[i]->fs.job.request);
}

static int
prepare(struct program *program)
{
	int r = rota_signal_init(program->loop, &program->signal);

	if (r == 0)
		r = rota_timer_init(program->loop, &program->progress);
	if (r < 0)
		return r;
	program->signal.handle.data = program;
	program->progress.handle.data = program;
	r = rota_signal_start(&program->signal, SIGINT, on_signal);
	if (r == 0)
		r = rota_timer_start(&program->progress, ROTA_SECOND / 5,
			ROTA_SECOND / 5, on_progress);
	return r;
}

/* Returns an exit code. */
static int
run(struct program *program, const char *backend, char **paths)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	int r;

	options.backend = backend;
	r = rota_loop_create(&options, &program->loop);
	if (r < 0) {
		complain("no loop", r);
		return 1;
	}
	r = prepare(program);
	if (r == 0)
		r = add_item(program, paths[0], paths[1], "");
	if (r == 0)
		hurry(program);
	else
		end_run(program);
	if (r == 0)
		r = rota_loop_run(program->loop, ROTA_RUN_DEFAULT);
	if (r >= 0)
		r = rota_loop_close(program->loop);
	if (r < 0) {
		complain("the loop", r);
		return 1;
	}
	show(program, "\n");
	if (program->is_cancelled)
		fputs("copy_tree: cancelled\n", stderr);
	else
		printf("copied %lu files, %lu folders, %lu links\n",
			program->n_files, program->n_folders, program->n_links);
	return program->is_cancelled || program->n_failed > 0;
}

enum command {
	READY,
	HELPED,
	MISUSED
};

/* Returns the number, 0 for what is none from 1 to MAX_JOBS. */
static int
parse_jobs(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	return end == text || *end || n < 1 || n > MAX_JOBS ? 0 : (int)n;
}

static enum command
parse(struct program *program, int argc, char **argv, const char **ret_backend)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'b':
			*ret_backend = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return HELPED;
		case 'j':
			program->max_jobs = parse_jobs(optarg);
			if (program->max_jobs == 0)
				return MISUSED;
			break;
		case 'q':
			program->shows_progress = 0;
			break;
		default:
			return MISUSED;
		}
	}
	return argc - optind == 2 ? READY : MISUSED;
}

int
main(int argc, char **argv)
{
	static struct program program = { .max_jobs = 16 };
	const char *backend = NULL;

	program.shows_progress = isatty(STDERR_FILENO);
	switch (parse(&program, argc, argv, &backend)) {
	case HELPED:
		return 0;
	case MISUSED:
		fputs(usage, stderr);
		return 2;
	case READY:
		break;
	}
	return run(&program, backend, argv + optind);
}
