/* SPDX-License-Identifier: MIT */
/*
 * Watches of files and directories, as the kernel tells and as stat tells.
 * Each test has an empty directory; what is told becomes lines of a log:
 * "created a", "renamed a b".
 */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/files.h"
#include "tests/faults.h"
#include "tests/harness.h"

#define RECURSIVE ROTA_FILE_RECURSIVE
#define LIMIT_NS (5 * ROTA_SECOND)

/* The ways of watching: by the kernel's word, and by looking. */
static const unsigned ways[] = { 0, ROTA_FILE_BY_STAT };

static char dir[64];
/* Of the test in progress: to be or-ed to what is asked for. */
static unsigned how;
static char told[65536];
static struct rota_file_stat before, after;
static int n_told, last_error, was_directory;

/* Files **************************************************************/

/* The path of a name in the directory; the last four stay valid. */
static const char *
in_dir(const char *name)
{
	static char paths[4][1024];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, 1024, "%s%s%s", dir, *name ? "/" : "", name);
	return path;
}

static void
touch(const char *name)
{
	int fd = open(in_dir(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_ok(close(fd));
}

static void
append(const char *name, const char *text)
{
	int fd = open(in_dir(name), O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_ok(close(fd));
}

static void
make_directory(const char *name)
{
	ck_ok(mkdir(in_dir(name), 0700));
}

static void
move(const char *from, const char *to)
{
	ck_ok(rename(in_dir(from), in_dir(to)));
}

static void
discard(const char *name)
{
	ck_ok(remove(in_dir(name)));
}

static void
make_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/rota.XXXXXX",
		tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

static void
remove_dir(void)
{
	ck_ok(nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

/* Watches ************************************************************/

static void
on_event(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	size_t n = strlen(told);
	const char *letter = watch->handle.data;

	ck_assert_ptr_nonnull(rota_file_what_name(event->what));
	(void)snprintf(told + n, sizeof(told) - n, "%s%s%s%s%s%s%s\n",
		letter ? letter : "", rota_file_what_name(event->what),
		event->old_name ? " " : "",
		event->old_name ? event->old_name : "", *event->name ? " " : "",
		event->name, event->error ? " !" : "");
	n_told++;
	last_error = event->error;
	was_directory = event->is_directory;
	ck_assert_int_eq(event->before != NULL || event->after != NULL,
		strcmp(rota_file_watch_way(watch) ? rota_file_watch_way(watch) :
						    "",
			"stat") == 0 &&
			event->what < ROTA_FILE_GONE);
	if (event->before)
		before = *event->before;
	if (event->after)
		after = *event->after;
}

static void
init(struct rota_file_watch *watch)
{
	memset(watch, 0, sizeof(*watch));
	ck_ok(rota_file_watch_init(loop, watch));
	ck_ok(rota_file_watch_set_interval(watch, ROTA_MILLISECOND));
}

static void
start(struct rota_file_watch *watch, const char *name, unsigned wanted)
{
	init(watch);
	ck_ok(rota_file_watch_start(
		watch, in_dir(name), wanted | how, on_event));
}

static void
forget_told(void)
{
	told[0] = '\0';
	n_told = 0;
}

/* 1 if a line has been told, at its begin or after others. */
static int
heard(const char *line)
{
	size_t n = strlen(line);
	const char *at;

	for (at = strstr(told, line); at; at = strstr(at + 1, line))
		if ((at == told || at[-1] == '\n') && at[n] == '\n')
			return 1;
	return 0;
}

static int
count_lines(const char *line)
{
	size_t n = strlen(line);
	const char *at;
	int count = 0;

	for (at = strstr(told, line); at; at = strstr(at + 1, line))
		count += (at == told || at[-1] == '\n') && at[n] == '\n';
	return count;
}

static void
nap_if_looking(void)
{
	if (how & ROTA_FILE_BY_STAT || strcmp(rota__sys_file_way, "stat") == 0)
		usleep(1500);
}

/* Runs until nothing new is to be expected. */
static void
settle(void)
{
	for (int i = 0; i < 4; i++) {
		nap_if_looking();
		run_once_checked(ROTA_RUN_NOWAIT);
	}
}

/* Runs until all of it has been told, then demands that this was all. */
static void
expect(const char *lines)
{
	uint64_t end_ns = harness_true_ns() + LIMIT_NS;

	while (strcmp(told, lines) != 0 && harness_true_ns() < end_ns &&
		strlen(told) <= strlen(lines))
		run_once_checked(ROTA_RUN_NOWAIT);
	settle();
	ck_assert_str_eq(told, lines);
	forget_told();
}

static void
expect_line(const char *line)
{
	uint64_t end_ns = harness_true_ns() + LIMIT_NS;

	while (!heard(line) && harness_true_ns() < end_ns)
		run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_msg(heard(line), "no \"%s\" in\n%s", line, told);
}

/* Defines a LOOP_TEST whose body runs once for each way, in a directory. */
#define WAYS_TEST(name) \
	static void name##_by(void); \
	LOOP_TEST(name) \
	{ \
		in_each_way(name##_by); \
	} \
	static void name##_by(void)

static void
in_each_way(void (*fn)(void))
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		how = ways[i];
		make_dir();
		forget_told();
		fn();
		close_all();
		remove_dir();
	}
}

/* 1 if the kernel tells by name, or at all, in the way of this test. */
static int
is_told_by_name(const struct rota_file_watch *watch)
{
	return strcmp(rota_file_watch_way(watch), "inotify") == 0;
}

/* One directory ******************************************************/

WAYS_TEST(a_file_that_appears_is_told_by_its_name)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_ALL);
	touch("a");
	expect("created a\n");
	ck_assert_int_eq(was_directory, 0);
	make_directory("d");
	expect("created d\n");
	ck_assert_int_eq(was_directory, 1);
}

WAYS_TEST(what_was_there_before_is_not_told)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_ALL);
	expect("");
}

WAYS_TEST(a_file_that_goes_is_told_as_removed)
{
	static struct rota_file_watch watch;

	touch("a");
	make_directory("d");
	start(&watch, "", ROTA_FILE_ALL);
	discard("a");
	expect("removed a\n");
	discard("d");
	expect("removed d\n");
}

WAYS_TEST(a_rename_is_told_with_both_names)
{
	static struct rota_file_watch watch;

	touch("m");
	start(&watch, "", ROTA_FILE_ALL);
	move("m", "z");
	expect("renamed m z\n");
	move("z", "a");
	expect("renamed z a\n");
}

WAYS_TEST(a_rename_that_nobody_asked_for_is_told_as_two)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_CREATED | ROTA_FILE_REMOVED);
	move("a", "b");
	settle();
	expect_line("removed a");
	expect_line("created b");
	ck_assert_int_eq(n_told, 2);
}

WAYS_TEST(a_rename_to_elsewhere_is_told_as_removed)
{
	static struct rota_file_watch watch;

	make_directory("d");
	touch("d/a");
	start(&watch, "d", ROTA_FILE_ALL);
	move("d/a", "a");
	expect("removed a\n");
	move("a", "d/b");
	expect("created b\n");
}

WAYS_TEST(a_rename_over_another_file_is_no_removal)
{
	static struct rota_file_watch watch;

	touch("a");
	touch("b");
	start(&watch, "", ROTA_FILE_ALL);
	move("a", "b");
	expect("renamed a b\n");
	discard("b");
	expect("removed b\n");
}

WAYS_TEST(a_write_is_told_as_changed)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_ALL);
	append("a", "text");
	expect("changed a\n");
	append("a", "more");
	expect("changed a\n");
}

WAYS_TEST(a_new_file_is_watched_like_the_others)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_ALL);
	touch("a");
	expect("created a\n");
	append("a", "text");
	expect("changed a\n");
	move("a", "b");
	expect("renamed a b\n");
	append("b", "text");
	expect("changed b\n");
}

WAYS_TEST(a_mode_is_told_as_attributes)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_ALL);
	ck_ok(chmod(in_dir("a"), 0400));
	expect("attributes a\n");
}

WAYS_TEST(only_what_was_asked_for_is_told)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_REMOVED);
	touch("a");
	settle();
	append("a", "text");
	settle();
	ck_ok(chmod(in_dir("a"), 0400));
	settle();
	move("a", "b");
	expect("removed a\n");
	discard("b");
	expect("removed b\n");
}

WAYS_TEST(a_save_by_temporary_file_and_rename_is_told)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_ALL);
	touch(".a.new");
	append(".a.new", "saved");
	move(".a.new", "a");
	settle();
	if (is_told_by_name(&watch))
		expect_line("renamed .a.new a");
	else
		expect_line("created a");
	ck_assert_int_eq(heard("removed a"), 0);
	forget_told();
	append("a", "x");
	expect("changed a\n");
}

WAYS_TEST(a_hard_link_is_a_name_that_comes_and_goes)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_CREATED | ROTA_FILE_REMOVED);
	ck_ok(link(in_dir("a"), in_dir("b")));
	expect("created b\n");
	discard("a");
	expect("removed a\n");
	discard("b");
	expect("removed b\n");
}

WAYS_TEST(a_file_may_have_3_gib)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_CHANGED);
	ck_ok(truncate(in_dir("a"), (off_t)(UINT64_C(3) << 30)));
	expect("changed a\n");
	ck_ok(rota_file_watch_start(
		&watch, in_dir("a"), ROTA_FILE_CHANGED | how, on_event));
	append("a", "x");
	expect("changed\n");
}

WAYS_TEST(a_name_may_have_255_bytes)
{
	static struct rota_file_watch watch;
	char name[256] = "";
	char line[300];

	memset(name, 'n', 255);
	start(&watch, "", ROTA_FILE_ALL);
	touch(name);
	(void)snprintf(line, sizeof(line), "created %s\n", name);
	expect(line);
	discard(name);
	(void)snprintf(line, sizeof(line), "removed %s\n", name);
	expect(line);
}

WAYS_TEST(many_files_are_all_told)
{
	unsigned n = harness_scale(1000);
	static struct rota_file_watch watch;
	char name[32];

	start(&watch, "", ROTA_FILE_CREATED | ROTA_FILE_REMOVED);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "f%u", i);
		touch(name);
	}
	settle();
	ck_assert_int_eq(n_told, (int)n);
	forget_told();
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "f%u", i);
		discard(name);
	}
	settle();
	ck_assert_int_eq(n_told, (int)n);
}

/* One file, and the end of what is watched ***************************/

WAYS_TEST(a_watched_file_is_told_without_a_name)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "a", ROTA_FILE_ALL);
	append("a", "text");
	expect("changed\n");
	ck_ok(chmod(in_dir("a"), 0400));
	expect("attributes\n");
}

WAYS_TEST(a_watched_file_that_is_removed_is_gone_once)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "a", ROTA_FILE_ALL);
	ck_err(rota_loop_alive(loop), 1);
	discard("a");
	expect("gone\n");
	ck_err(rota_handle_is_active(&watch.handle), 0);
	ck_err(rota_loop_alive(loop), 0);
	touch("a");
	expect("");
}

WAYS_TEST(a_watched_file_that_somebody_has_open_is_gone_all_the_same)
{
	static struct rota_file_watch watch;
	int fd;

	touch("a");
	fd = open(in_dir("a"), O_RDONLY | O_CLOEXEC);
	start(&watch, "a", ROTA_FILE_CHANGED);
	discard("a");
	expect("gone\n");
	ck_ok(close(fd));
}

WAYS_TEST(a_watched_file_that_is_renamed_is_gone)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "a", ROTA_FILE_ALL);
	move("a", "b");
	expect("gone\n");
	append("b", "text");
	expect("");
}

WAYS_TEST(a_watched_file_whose_other_link_goes_is_not_gone)
{
	static struct rota_file_watch watch;

	touch("a");
	ck_ok(link(in_dir("a"), in_dir("b")));
	start(&watch, "a", ROTA_FILE_ALL);
	discard("b");
	expect("attributes\n");
	discard("a");
	expect("gone\n");
}

WAYS_TEST(a_watched_directory_that_is_removed_is_gone_once)
{
	static struct rota_file_watch watch;

	make_directory("d");
	touch("d/a");
	start(&watch, "d", ROTA_FILE_ALL);
	discard("d/a");
	settle();
	expect("removed a\n");
	discard("d");
	expect("gone\n");
	ck_err(rota_handle_is_active(&watch.handle), 0);
}

WAYS_TEST(a_watched_directory_that_is_renamed_is_gone)
{
	static struct rota_file_watch watch;

	make_directory("d");
	start(&watch, "d", ROTA_FILE_ALL | RECURSIVE);
	move("d", "e");
	expect("gone\n");
	touch("e/a");
	expect("");
}

static void
on_gone_start_again(
	struct rota_file_watch *watch, const struct rota_file_event *event)
{
	on_event(watch, event);
	if (event->what == ROTA_FILE_GONE)
		ck_ok(rota_file_watch_start(
			watch, in_dir("a"), ROTA_FILE_CHANGED | how, on_event));
}

WAYS_TEST(a_file_that_was_replaced_can_be_watched_again)
{
	static struct rota_file_watch watch;

	touch("a");
	touch("b");
	init(&watch);
	ck_ok(rota_file_watch_start(&watch, in_dir("a"),
		ROTA_FILE_CHANGED | how, on_gone_start_again));
	move("b", "a");
	expect("gone\n");
	append("a", "text");
	expect("changed\n");
}

WAYS_TEST(a_link_at_the_end_of_the_path_is_followed)
{
	static struct rota_file_watch watch;

	make_directory("d");
	ck_ok(symlink("d", in_dir("l")));
	start(&watch, "l", ROTA_FILE_ALL);
	touch("d/a");
	expect("created a\n");
}

/* Recursive **********************************************************/

WAYS_TEST(a_directory_below_is_watched_too)
{
	static struct rota_file_watch watch;

	make_directory("d");
	make_directory("d/e");
	touch("d/e/a");
	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	append("d/e/a", "text");
	expect("changed d/e/a\n");
	touch("d/b");
	expect("created d/b\n");
	discard("d/e/a");
	expect("removed d/e/a\n");
	discard("d/e");
	expect("removed d/e\n");
}

WAYS_TEST(without_recursion_what_is_below_is_not_told)
{
	static struct rota_file_watch watch;

	make_directory("d");
	start(&watch, "", ROTA_FILE_ALL);
	touch("d/a");
	expect("");
}

WAYS_TEST(what_is_made_at_once_in_a_new_directory_is_told_once)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	make_directory("d");
	touch("d/a");
	make_directory("d/e");
	touch("d/e/b");
	expect("created d\ncreated d/a\ncreated d/e\ncreated d/e/b\n");
	append("d/e/b", "text");
	expect("changed d/e/b\n");
}

/* Makes another file in a directory that is just being told. */
static void
on_event_add(struct rota_file_watch *watch, const struct rota_file_event *event)
{
	on_event(watch, event);
	if (event->what == ROTA_FILE_CREATED && strcmp(event->name, "d") == 0)
		touch("d/later");
}

WAYS_TEST(what_is_made_while_a_directory_is_told_is_told_once)
{
	static struct rota_file_watch watch;

	init(&watch);
	ck_ok(rota_file_watch_start(
		&watch, dir, ROTA_FILE_ALL | RECURSIVE | how, on_event_add));
	make_directory("d");
	touch("d/a");
	expect("created d\ncreated d/a\ncreated d/later\n");
	discard("d/a");
	touch("d/a");
	settle();
	forget_told();
	append("d/a", "x");
	expect("changed d/a\n");
}

/* What is told of the first directory may have been seen in the second. */
WAYS_TEST(a_name_made_removed_and_made_again_at_once_is_there_in_the_end)
{
	static struct rota_file_watch watch;
	const char *last;

	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	make_directory("d");
	touch("d/a");
	discard("d/a");
	discard("d");
	make_directory("d");
	touch("d/b");
	settle();
	last = strstr(told, "removed d\n");
	ck_assert_str_eq(last ? last + strlen("removed d\n") : told,
		"created d\ncreated d/b\n");
	forget_told();
	append("d/b", "x");
	expect("changed d/b\n");
}

WAYS_TEST(a_renamed_directory_keeps_being_watched_under_its_new_name)
{
	static struct rota_file_watch watch;

	make_directory("d");
	make_directory("d/e");
	touch("d/e/a");
	make_directory("x");
	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	move("d", "x/y");
	expect("renamed d x/y\n");
	append("x/y/e/a", "text");
	expect("changed x/y/e/a\n");
	move("x/y/e", "b");
	expect("renamed x/y/e b\n");
	touch("b/c");
	expect("created b/c\n");
}

WAYS_TEST(what_changes_below_while_a_directory_is_renamed_is_not_lost)
{
	static struct rota_file_watch watch;

	make_directory("d");
	make_directory("d/e");
	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	touch("d/e/a");
	move("d", "z");
	touch("z/e/b");
	settle();
	expect_line("renamed d z");
	expect_line("created z/e/b");
}

WAYS_TEST(a_file_renamed_between_directories_is_told_with_both_paths)
{
	static struct rota_file_watch watch;

	make_directory("d");
	make_directory("e");
	touch("d/a");
	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	move("d/a", "e/b");
	expect("renamed d/a e/b\n");
	move("e/b", "c");
	expect("renamed e/b c\n");
}

WAYS_TEST(a_directory_that_moves_out_is_not_watched_any_more)
{
	static struct rota_file_watch watch;

	make_directory("w");
	make_directory("w/d");
	touch("w/d/a");
	start(&watch, "w", ROTA_FILE_ALL | RECURSIVE);
	move("w/d", "d");
	expect("removed d\n");
	append("d/a", "text");
	touch("d/b");
	expect("");
	move("d", "w/e");
	settle();
	expect_line("created e");
	expect_line("created e/a");
	expect_line("created e/b");
	forget_told();
	append("w/e/a", "text");
	expect("changed e/a\n");
}

WAYS_TEST(links_to_directories_are_not_followed)
{
	static struct rota_file_watch watch;

	make_directory("d");
	ck_ok(symlink("..", in_dir("d/up")));
	start(&watch, "", ROTA_FILE_CREATED | RECURSIVE);
	touch("d/a");
	expect("created d/a\n");
	ck_ok(symlink("d", in_dir("l")));
	expect("created l\n");
	touch("d/b");
	expect("created d/b\n");
}

WAYS_TEST(a_deep_tree_made_at_once_is_watched_to_its_end)
{
	static struct rota_file_watch watch;
	char path[256] = "d";
	char line[300];

	start(&watch, "", ROTA_FILE_CREATED | RECURSIVE);
	for (int depth = 0; depth < 60; depth++) {
		make_directory(path);
		(void)strcat(path, "/d");
	}
	settle();
	ck_assert_int_eq(n_told, 60);
	path[strlen(path) - 1] = 'f';
	forget_told();
	touch(path);
	(void)snprintf(line, sizeof(line), "created %s\n", path);
	expect(line);
}

WAYS_TEST(a_wide_tree_is_watched_and_let_go)
{
	unsigned n = harness_scale(300);
	static struct rota_file_watch watch;
	char name[32];

	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "d%u", i);
		make_directory(name);
	}
	start(&watch, "", ROTA_FILE_CREATED | RECURSIVE);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "d%u/a", i);
		touch(name);
	}
	settle();
	ck_assert_int_eq(n_told, (int)n);
	ck_ok(rota_file_watch_stop(&watch));
	ck_ok(rota_file_watch_start(
		&watch, dir, ROTA_FILE_CREATED | how, on_event));
	forget_told();
	touch("d0/b");
	expect("");
}

/* Life ***************************************************************/

WAYS_TEST(several_watches_of_one_path_are_all_told)
{
	static struct rota_file_watch a, b, c;

	start(&a, "", ROTA_FILE_CREATED);
	start(&b, "", ROTA_FILE_ALL);
	start(&c, "", ROTA_FILE_REMOVED);
	a.handle.data = "A ";
	b.handle.data = "B ";
	c.handle.data = "C ";
	touch("a");
	settle();
	expect_line("A created a");
	expect_line("B created a");
	ck_assert_int_eq(n_told, 2);
	ck_ok(rota_file_watch_stop(&b));
	forget_told();
	discard("a");
	expect("C removed a\n");
	ck_ok(rota_file_watch_stop(&c));
	touch("b");
	expect("A created b\n");
}

static struct rota_file_watch *both[2];

static void
on_event_close_both(
	struct rota_file_watch *watch, const struct rota_file_event *event)
{
	on_event(watch, event);
	ck_ok(rota_handle_close(&both[0]->handle, NULL));
	ck_ok(rota_handle_close(&both[1]->handle, NULL));
}

/* Where each looks by itself, the other one has nothing to be told yet. */
WAYS_TEST(a_callback_may_close_itself_and_others_to_be_told)
{
	static struct rota_file_watch a, b;

	init(&a);
	init(&b);
	both[0] = &a;
	both[1] = &b;
	ck_ok(rota_file_watch_start(
		&a, dir, ROTA_FILE_ALL | RECURSIVE | how, on_event_close_both));
	ck_ok(rota_file_watch_start(
		&b, dir, ROTA_FILE_ALL | RECURSIVE | how, on_event_close_both));
	touch("a");
	touch("b");
	settle();
	ck_assert_int_eq(n_told, 1);
	ck_err(rota_loop_alive(loop), 0);
}

WAYS_TEST(what_came_before_a_stop_is_not_told)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_ALL);
	touch("a");
	ck_ok(rota_file_watch_stop(&watch));
	ck_ok(rota_file_watch_stop(&watch));
	expect("");
	ck_ok(rota_file_watch_start(
		&watch, dir, ROTA_FILE_ALL | how, on_event));
	expect("");
	touch("b");
	expect("created b\n");
}

WAYS_TEST(a_start_on_an_active_watch_moves_it)
{
	static struct rota_file_watch watch;

	make_directory("d");
	make_directory("e");
	start(&watch, "d", ROTA_FILE_ALL);
	touch("d/a");
	ck_ok(rota_file_watch_start(
		&watch, in_dir("e"), ROTA_FILE_ALL | how, on_event));
	ck_assert_str_eq(rota_file_watch_path(&watch), in_dir("e"));
	touch("d/b");
	touch("e/c");
	expect("created c\n");
}

WAYS_TEST(a_start_that_fails_leaves_the_watch_as_it_was)
{
	static struct rota_file_watch watch;

	touch("a");
	start(&watch, "", ROTA_FILE_ALL);
	ck_err(rota_file_watch_start(
		       &watch, in_dir("none"), ROTA_FILE_ALL | how, on_event),
		-ENOENT);
	ck_err(rota_file_watch_start(&watch, in_dir("a/b"),
		       ROTA_FILE_ALL | RECURSIVE | how, on_event),
		-ENOTDIR);
	ck_assert_str_eq(rota_file_watch_path(&watch), dir);
	touch("b");
	expect("created b\n");
}

WAYS_TEST(an_unreferenced_watch_does_not_hold_the_loop)
{
	static struct rota_file_watch watch;

	start(&watch, "", ROTA_FILE_ALL);
	ck_err(rota_loop_alive(loop), 1);
	ck_ok(rota_handle_unref(&watch.handle));
	ck_err(rota_loop_alive(loop), 0);
	touch("a");
	expect("created a\n");
}

WAYS_TEST(a_report_names_path_and_way)
{
	static struct rota_file_watch watch;
	char text[512];

	start(&watch, "", ROTA_FILE_ALL);
	ck_assert_int_gt(rota_loop_why_alive_text(loop, text, sizeof(text)), 0);
	ck_assert_ptr_nonnull(strstr(text, dir));
	ck_assert_ptr_nonnull(strstr(text, rota_file_watch_way(&watch)));
	ck_assert_ptr_nonnull(strstr(text, "file_watch: active"));
}

static void
on_event_stop_loop(
	struct rota_file_watch *watch, const struct rota_file_event *event)
{
	on_event(watch, event);
	ck_ok(rota_handle_close(&watch->handle, NULL));
}

static void
on_timer_touch(struct rota_timer *timer)
{
	touch("a");
	ck_ok(rota_handle_close(&timer->handle, NULL));
}

WAYS_TEST(an_event_ends_the_wait)
{
	static struct rota_file_watch watch;
	static struct rota_timer timer;

	init(&watch);
	ck_ok(rota_file_watch_start(
		&watch, dir, ROTA_FILE_ALL | how, on_event_stop_loop));
	ck_ok(rota_timer_init(loop, &timer));
	ck_ok(rota_timer_start(
		&timer, 20 * ROTA_MILLISECOND, 0, on_timer_touch));
	run_to_the_end();
	ck_assert_str_eq(told, "created a\n");
}

/* By stat ************************************************************/

LOOP_TEST(by_stat_both_states_are_told)
{
	static struct rota_file_watch watch;

	how = ROTA_FILE_BY_STAT;
	make_dir();
	forget_told();
	touch("a");
	start(&watch, "a", ROTA_FILE_ALL);
	append("a", "12345");
	expect("changed\n");
	ck_assert_uint_eq(before.size_bytes, 0);
	ck_assert_uint_eq(after.size_bytes, 5);
	ck_assert_uint_eq(before.inode, after.inode);
	ck_ok(chmod(in_dir("a"), 0640));
	expect("attributes\n");
	ck_assert_uint_eq(before.mode & 0777, 0600);
	ck_assert_uint_eq(after.mode & 0777, 0640);
	close_all();
	remove_dir();
}

FAKE_TIME_TEST(by_stat_a_watch_looks_once_per_interval)
{
	static struct rota_file_watch watch;

	how = ROTA_FILE_BY_STAT;
	make_dir();
	forget_told();
	init(&watch);
	ck_ok(rota_file_watch_set_interval(&watch, 10 * ROTA_SECOND));
	ck_ok(rota_file_watch_start(
		&watch, dir, ROTA_FILE_ALL | how, on_event));
	touch("a");
	harness_advance(9 * ROTA_SECOND);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_str_eq(told, "");
	harness_advance(ROTA_SECOND);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_str_eq(told, "created a\n");
	touch("b");
	run_once_checked(ROTA_RUN_ONCE);
	ck_assert_str_eq(told, "created a\ncreated b\n");
	close_all();
	remove_dir();
}

/* Limits and errors **************************************************/

static struct rota_sys limited;
static int n_adds_left;

static int
limited_add(int fd, const char *path, unsigned wanted)
{
	if (n_adds_left-- <= 0)
		return -ENOSPC;
	return rota__sys_real.file_add(fd, path, wanted);
}

static int
no_such_call(void)
{
	return -ENOSYS;
}

/* Makes the loop anew, with the table `limited`. */
static void
use_limited(void)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;

	options.backend = rota_loop_backend(loop);
	options.sys = &limited;
	close_loop();
	ck_ok(rota_loop_create(&options, &loop));
}

LOOP_TEST(the_limit_of_watches_fails_a_start_and_is_told_later)
{
	static struct rota_file_watch watch;

	limited = rota__sys_real;
	limited.file_add = limited_add;
	use_limited();
	how = 0;
	make_dir();
	forget_told();
	make_directory("d");
	init(&watch);
	n_adds_left = 1;
	if (strcmp(rota__sys_file_way, "stat") != 0) {
		ck_err(rota_file_watch_start(&watch, dir,
			       ROTA_FILE_ALL | RECURSIVE, on_event),
			-ENOSPC);
		n_adds_left = 2;
		ck_ok(rota_file_watch_start(
			&watch, dir, ROTA_FILE_ALL | RECURSIVE, on_event));
		make_directory("e");
		expect("created e\nfailed e !\n");
		ck_assert_int_eq(last_error, -ENOSPC);
		make_directory("f");
		expect("created f\n");
		n_adds_left = 1;
		make_directory("g");
		expect("created g\n");
	}
	close_all();
	remove_dir();
}

/* The descriptor is closed behind the loop's back, before it is told of it. */
LOOP_TEST(a_backend_that_refuses_is_told_and_asked_again_by_a_start)
{
	static struct rota_file_watch watch;
	int fd, saved;

	how = 0;
	make_dir();
	forget_told();
	start(&watch, "", ROTA_FILE_ALL);
	fd = loop->files->watcher.watch.fd;
	saved = dup(fd);
	ck_ok(close(fd));
	run_once_checked(ROTA_RUN_NOWAIT);
	run_once_checked(ROTA_RUN_NOWAIT);
	ck_assert_str_eq(told, "failed !\n");
	forget_told();
	ck_assert_int_eq(dup2(saved, fd), fd);
	ck_ok(close(saved));
	ck_ok(rota_file_watch_start(&watch, dir, ROTA_FILE_ALL, on_event));
	touch("a");
	expect("created a\n");
	close_all();
	remove_dir();
}

LOOP_TEST(without_a_kernel_that_tells_a_watch_looks_by_itself)
{
	static struct rota_file_watch watch;

	limited = rota__sys_real;
	limited.file_open = no_such_call;
	use_limited();
	how = 0;
	make_dir();
	forget_told();
	start(&watch, "", ROTA_FILE_ALL);
	ck_assert_str_eq(rota_file_watch_way(&watch), "stat");
	touch("a");
	expect_line("created a");
	close_all();
	remove_dir();
}

static long
read_queue_limit(void)
{
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
	long limit = -1;

	if (file == NULL)
		return -1;
	if (fscanf(file, "%ld", &limit) != 1)
		limit = -1;
	(void)fclose(file);
	return limit;
}

/* A rename is two events. */
static void
overflow_inotify(long n)
{
	touch("x");
	for (long i = 0; i <= n; i += 4) {
		move("x", "y");
		move("y", "x");
	}
}

LOOP_TEST(lost_events_are_told_to_all_and_new_directories_are_found)
{
	static struct rota_file_watch a, b;
	long n = read_queue_limit();

	how = 0;
	make_dir();
	forget_told();
	make_directory("d");
	start(&a, "", ROTA_FILE_ATTRIBUTES | RECURSIVE);
	start(&b, "d", ROTA_FILE_ATTRIBUTES);
	if (is_told_by_name(&a) && n > 0 && n < 70000) {
		overflow_inotify(n);
		make_directory("e");
		settle();
		ck_assert_int_eq(count_lines("overflow"), 2);
		forget_told();
		touch("e/a");
		touch("d/a");
		ck_ok(chmod(in_dir("e/a"), 0400));
		ck_ok(chmod(in_dir("d/a"), 0400));
		settle();
		expect_line("attributes e/a");
		expect_line("attributes d/a");
		expect_line("attributes a");
		ck_assert_int_eq(n_told, 3);
	}
	close_all();
	remove_dir();
}

/* A child of fork ****************************************************/

static void
watch_in_child(void)
{
	ck_ok(rota_loop_fork(loop));
	touch("d/child");
	expect_line("created d/child");
	append("d/old", "x");
	expect_line("changed d/old");
}

WAYS_TEST(a_child_of_fork_watches_for_itself)
{
	static struct rota_file_watch watch;
	int status = 0;
	pid_t pid;

	make_directory("d");
	touch("d/old");
	start(&watch, "", ROTA_FILE_ALL | RECURSIVE);
	run_once_checked(ROTA_RUN_NOWAIT);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		watch_in_child();
		close_all();
		close_loop();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	settle();
	expect_line("created d/child");
	expect_line("changed d/old");
	forget_told();
	touch("d/b");
	expect("created d/b\n");
}

/* Whatever fails *****************************************************/

/* All that takes memory or calls; errors are as they come. */
static void
live_through(void)
{
	static struct rota_file_watch watch;

	memset(&watch, 0, sizeof(watch));
	make_directory("d");
	touch("d/a");
	if (rota_file_watch_init(loop, &watch) < 0)
		return;
	ck_ok(rota_file_watch_set_interval(&watch, ROTA_MILLISECOND));
	if (rota_file_watch_start(
		    &watch, dir, ROTA_FILE_ALL | RECURSIVE | how, on_event) < 0)
		return;
	make_directory("e");
	touch("e/b");
	move("d", "e/d");
	append("e/d/a", "x");
	for (int i = 0; i < 3; i++) {
		nap_if_looking();
		(void)rota_loop_run(loop, ROTA_RUN_NOWAIT);
		ck_assert_int_eq(rota__loop_check(loop), 0);
	}
}

static int
try_failing_at(unsigned long n)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *saved = loop;
	int has_failed;

	options.backend = rota_loop_backend(loop);
	options.sys = faults_sys();
	faults_reset();
	ck_ok(rota_loop_create(&options, &loop));
	make_dir();
	forget_told();
	faults.n_fallible = 0;
	faults.fail_at = n;
	live_through();
	has_failed = faults.n_failed > 0;
	faults.fail_at = 0;
	close_all_of(loop);
	ck_ok(rota_loop_close(loop));
	ck_assert_int_eq(faults.n_blocks, 0);
	loop = saved;
	remove_dir();
	return has_failed;
}

LOOP_TEST(any_call_may_fail_and_nothing_leaks)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		unsigned long n = 1;

		how = ways[i];
		while (try_failing_at(n))
			n += getenv("ROTA_TEST_QUICK") ? 7 : 1;
		ck_assert_uint_gt(n, 20);
	}
}

START_TEST(what_happened_has_a_name)
{
	ck_assert_str_eq(rota_file_what_name(ROTA_FILE_CREATED), "created");
	ck_assert_str_eq(rota_file_what_name(ROTA_FILE_FAILED), "failed");
	ck_assert_ptr_null(rota_file_what_name(0));
	ck_assert_ptr_null(rota_file_what_name(3));
}
END_TEST

static void
add_directory_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "directory");

	tcase_add_loop_test(tc, a_file_that_appears_is_told_by_its_name);
	tcase_add_loop_test(tc, what_was_there_before_is_not_told);
	tcase_add_loop_test(tc, a_file_that_goes_is_told_as_removed);
	tcase_add_loop_test(tc, a_rename_is_told_with_both_names);
	tcase_add_loop_test(tc, a_rename_that_nobody_asked_for_is_told_as_two);
	tcase_add_loop_test(tc, a_rename_to_elsewhere_is_told_as_removed);
	tcase_add_loop_test(tc, a_rename_over_another_file_is_no_removal);
	tcase_add_loop_test(tc, a_write_is_told_as_changed);
	tcase_add_loop_test(tc, a_new_file_is_watched_like_the_others);
	tcase_add_loop_test(tc, a_mode_is_told_as_attributes);
	tcase_add_loop_test(tc, only_what_was_asked_for_is_told);
	tcase_add_loop_test(tc, a_save_by_temporary_file_and_rename_is_told);
	tcase_add_loop_test(tc, a_hard_link_is_a_name_that_comes_and_goes);
	tcase_add_loop_test(tc, a_file_may_have_3_gib);
	tcase_add_loop_test(tc, a_name_may_have_255_bytes);
	tcase_add_loop_test(tc, many_files_are_all_told);
}

static void
add_end_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "end");

	tcase_add_loop_test(tc, a_watched_file_is_told_without_a_name);
	tcase_add_loop_test(tc, a_watched_file_that_is_removed_is_gone_once);
	tcase_add_loop_test(
		tc, a_watched_file_that_somebody_has_open_is_gone_all_the_same);
	tcase_add_loop_test(tc, a_watched_file_that_is_renamed_is_gone);
	tcase_add_loop_test(
		tc, a_watched_file_whose_other_link_goes_is_not_gone);
	tcase_add_loop_test(
		tc, a_watched_directory_that_is_removed_is_gone_once);
	tcase_add_loop_test(tc, a_watched_directory_that_is_renamed_is_gone);
	tcase_add_loop_test(tc, a_file_that_was_replaced_can_be_watched_again);
	tcase_add_loop_test(tc, a_link_at_the_end_of_the_path_is_followed);
}

static void
add_recursive_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "recursive");

	tcase_add_loop_test(tc, a_directory_below_is_watched_too);
	tcase_add_loop_test(tc, without_recursion_what_is_below_is_not_told);
	tcase_add_loop_test(
		tc, what_is_made_at_once_in_a_new_directory_is_told_once);
	tcase_add_loop_test(
		tc, what_is_made_while_a_directory_is_told_is_told_once);
	tcase_add_loop_test(tc,
		a_name_made_removed_and_made_again_at_once_is_there_in_the_end);
	tcase_add_loop_test(
		tc, a_renamed_directory_keeps_being_watched_under_its_new_name);
	tcase_add_loop_test(tc,
		what_changes_below_while_a_directory_is_renamed_is_not_lost);
	tcase_add_loop_test(
		tc, a_file_renamed_between_directories_is_told_with_both_paths);
	tcase_add_loop_test(
		tc, a_directory_that_moves_out_is_not_watched_any_more);
	tcase_add_loop_test(tc, links_to_directories_are_not_followed);
	tcase_add_loop_test(tc, a_deep_tree_made_at_once_is_watched_to_its_end);
	tcase_add_loop_test(tc, a_wide_tree_is_watched_and_let_go);
}

static void
add_life_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "life");

	tcase_add_loop_test(tc, several_watches_of_one_path_are_all_told);
	tcase_add_loop_test(
		tc, a_callback_may_close_itself_and_others_to_be_told);
	tcase_add_loop_test(tc, what_came_before_a_stop_is_not_told);
	tcase_add_loop_test(tc, a_start_on_an_active_watch_moves_it);
	tcase_add_loop_test(tc, a_start_that_fails_leaves_the_watch_as_it_was);
	tcase_add_loop_test(tc, an_unreferenced_watch_does_not_hold_the_loop);
	tcase_add_loop_test(tc, a_report_names_path_and_way);
	tcase_add_loop_test(tc, an_event_ends_the_wait);
	tcase_add_loop_test(tc, by_stat_both_states_are_told);
	tcase_add_test(tc, by_stat_a_watch_looks_once_per_interval);
	tcase_add_test(tc, what_happened_has_a_name);
}

static void
add_error_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "errors");

	tcase_add_loop_test(
		tc, the_limit_of_watches_fails_a_start_and_is_told_later);
	if (strcmp(rota__sys_file_way, "inotify") == 0)
		tcase_add_loop_test(tc,
			a_backend_that_refuses_is_told_and_asked_again_by_a_start);
	tcase_add_loop_test(
		tc, without_a_kernel_that_tells_a_watch_looks_by_itself);
	tcase_add_loop_test(
		tc, lost_events_are_told_to_all_and_new_directories_are_found);
	tcase_add_loop_test(tc, a_child_of_fork_watches_for_itself);
	tcase_add_loop_test(tc, any_call_may_fail_and_nothing_leaks);
}

static void
add_cases(Suite *suite)
{
	add_directory_cases(suite);
	add_end_cases(suite);
	add_recursive_cases(suite);
	add_life_cases(suite);
	add_error_cases(suite);
}

HARNESS_MAIN("file_watch", add_cases)
