/* SPDX-License-Identifier: MIT */
/* Whole files and trees: read, write, copy, remove. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys_files.h"
#include "tests/folder.h"

static struct rota_fs fs;

/* Reading ************************************************************/

static int
read_file(const char *path, size_t max_bytes)
{
	return ENDED(
		rota_fs_read_file(fs_loop(), &fs, path, max_bytes, fs_form));
}

FS_TEST(a_file_is_read_to_its_end)
{
	make_file("a", "abc");
	ck_ok(read_file(in_folder("a"), 100));
	ck_assert_uint_eq(rota_fs_get_size(&fs), 3);
	ck_assert_str_eq(rota_fs_get_data(&fs), "abc");
	ck_ok(rota_fs_clear(&fs));
	ck_assert_ptr_null(rota_fs_get_data(&fs));
	ck_assert_uint_eq(rota_fs_get_size(&fs), 0);
	make_file("a", "");
	ck_ok(read_file(in_folder("a"), 1));
	ck_assert_str_eq(rota_fs_get_data(&fs), "");
	ck_ok(rota_fs_clear(&fs));
}

FS_TEST(a_file_longer_than_allowed_is_not_read)
{
	make_file("a", "abcd");
	ck_err(read_file(in_folder("a"), 3), -EFBIG);
	ck_assert_ptr_null(rota_fs_get_data(&fs));
	ck_ok(read_file(in_folder("a"), 4));
	ck_assert_str_eq(rota_fs_get_data(&fs), "abcd");
	ck_ok(rota_fs_clear(&fs));
	ck_ok(read_file(in_folder("a"), SIZE_MAX));
	ck_assert_str_eq(rota_fs_get_data(&fs), "abcd");
	ck_ok(rota_fs_clear(&fs));
	ck_err(read_file(folder, 100), -EISDIR);
	ck_err(read_file("/dev/zero", 100000), -EFBIG);
}

/* Files of /proc say that they are empty. */
FS_TEST(a_file_of_unknown_size_is_read)
{
	if (access("/proc/self/status", R_OK) < 0)
		return;
	ck_ok(read_file("/proc/self/status", SIZE_MAX));
	ck_assert_uint_gt(rota_fs_get_size(&fs), 100);
	ck_assert_uint_eq(strlen(rota_fs_get_data(&fs)), rota_fs_get_size(&fs));
	ck_ok(rota_fs_clear(&fs));
}

static void *
write_to_fifo(void *path)
{
	static const char letters[100001];
	FILE *file = fopen(path, "we");

	(void)fwrite(letters, 1, 100000, file);
	(void)fclose(file);
	return NULL;
}

FS_TEST(a_fifo_is_read_until_its_writers_have_closed)
{
	pthread_t thread;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s", in_folder("fifo"));
	ck_ok(mkfifo(path, 0600));
	ck_ok(pthread_create(&thread, NULL, write_to_fifo, path));
	ck_ok(read_file(path, 1000000));
	ck_assert_uint_eq(rota_fs_get_size(&fs), 100000);
	ck_ok(rota_fs_clear(&fs));
	ck_ok(pthread_join(thread, NULL));
}

/* Writing ************************************************************/

static int
write_file(const char *name, const char *text, unsigned mode)
{
	return ENDED(rota_fs_write_file(fs_loop(), &fs, in_folder(name), text,
		strlen(text), mode, fs_form));
}

FS_TEST(a_new_file_is_written_with_the_mode_asked_for)
{
	mode_t mask = umask(022);

	ck_ok(write_file("a", "abc", 0666));
	ck_assert_str_eq(text_of("a"), "abc");
	ck_assert_uint_eq(mode_of("a"), 0644);
	ck_ok(write_file("b", "", 0600));
	ck_assert_uint_eq(mode_of("b"), 0600);
	ck_assert_int_eq(count_names(""), 2);
	(void)umask(mask);
}

FS_TEST(a_file_that_is_there_keeps_its_mode_and_owner)
{
	struct stat about;

	make_file("a", "a longer text");
	ck_ok(chmod(in_folder("a"), 04751));
	if (geteuid() == 0) {
		ck_ok(chown(in_folder("a"), 65534, 65534));
		ck_ok(chmod(in_folder("a"), 04751));
	}
	ck_ok(write_file("a", "abc", 0600));
	ck_assert_str_eq(text_of("a"), "abc");
	ck_assert_uint_eq(mode_of("a"), 04751);
	ck_ok(stat(in_folder("a"), &about));
	if (geteuid() == 0)
		ck_assert_uint_eq(about.st_uid, 65534);
	ck_assert_int_eq(count_names(""), 1);
}

FS_TEST(whoever_has_the_old_file_open_keeps_it)
{
	char text[8] = "";
	int fd;

	make_file("a", "old");
	fd = open(in_folder("a"), O_RDONLY | O_CLOEXEC);
	ck_ok(link(in_folder("a"), in_folder("b")));
	ck_ok(write_file("a", "new", 0600));
	ck_assert_int_eq(read(fd, text, 7), 3);
	ck_assert_str_eq(text, "old");
	ck_assert_str_eq(text_of("b"), "old");
	ck_assert_str_eq(text_of("a"), "new");
	ck_ok(close(fd));
}

FS_TEST(a_link_leads_to_what_is_written)
{
	make_folder("d");
	make_file("d/a", "old");
	ck_ok(symlink("d/a", in_folder("one")));
	ck_ok(symlink("one", in_folder("two")));
	ck_ok(write_file("two", "new", 0600));
	ck_assert_str_eq(text_of("d/a"), "new");
	ck_assert_int_eq(count_names(""), 3);
	ck_assert_int_eq(count_names("d"), 1);
	ck_ok(symlink("nowhere", in_folder("three")));
	ck_err(write_file("three", "new", 0600), -ENOENT);
	ck_assert_int_eq(count_names(""), 4);
}

FS_TEST(what_is_no_file_is_not_written_over)
{
	make_folder("d");
	ck_err(write_file("d", "x", 0600), -EISDIR);
	ck_ok(mkfifo(in_folder("f"), 0600));
	ck_err(write_file("f", "x", 0600), -EINVAL);
	ck_assert_int_eq(count_names(""), 2);
}

FS_TEST(a_path_without_a_slash_is_of_the_working_directory)
{
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_ok(chdir(folder));
	ck_ok(ENDED(rota_fs_write_file(
		fs_loop(), &fs, "a", "abc", 3, 0600, fs_form)));
	ck_ok(fchdir(before));
	ck_ok(close(before));
	ck_assert_str_eq(text_of("a"), "abc");
	ck_assert_int_eq(count_names(""), 1);
}

FS_TEST(a_name_as_long_as_can_be_is_written)
{
	char name[256];

	memset(name, 'n', 255);
	name[255] = '\0';
	ck_ok(write_file(name, "abc", 0600));
	ck_ok(write_file(name, "def", 0600));
	ck_assert_str_eq(text_of(name), "def");
}

static void *
write_again_and_again(void *data)
{
	static const char *const texts[] = { "first", "the second one" };
	unsigned n = harness_scale(40);
	struct rota_fs mine;
	const char *path = data;
	unsigned i;

	for (i = 0; i < n; i++)
		if (rota_fs_write_file(NULL, &mine, path, texts[i % 2],
			    strlen(texts[i % 2]), 0600, NULL) < 0)
			return data;
	return NULL;
}

FS_TEST(a_reader_never_sees_a_half_written_file)
{
	pthread_t threads[2];
	char path[128];
	void *failed;
	unsigned i;

	(void)snprintf(path, sizeof(path), "%s", in_folder("a"));
	ck_ok(write_file("a", "first", 0600));
	for (i = 0; i < 2; i++)
		ck_ok(pthread_create(
			&threads[i], NULL, write_again_and_again, path));
	for (i = 0; i < harness_scale(40); i++) {
		ck_ok(read_file(path, 100));
		if (rota_fs_get_size(&fs) == 5)
			ck_assert_str_eq(rota_fs_get_data(&fs), "first");
		else
			ck_assert_str_eq(
				rota_fs_get_data(&fs), "the second one");
		ck_ok(rota_fs_clear(&fs));
	}
	for (i = 0; i < 2; i++) {
		ck_ok(pthread_join(threads[i], &failed));
		ck_assert_ptr_null(failed);
	}
	ck_assert_int_eq(count_names(""), 1);
}

/* Copying ************************************************************/

static int
copy(const char *from, const char *to, unsigned flags)
{
	return ENDED(rota_fs_copyfile(fs_loop(), &fs, in_folder(from),
		in_folder(to), flags, fs_form));
}

FS_TEST(a_copy_has_the_bytes_and_the_mode)
{
	make_file("a", "abc");
	ck_ok(chmod(in_folder("a"), 0754));
	ck_ok(copy("a", "b", 0));
	ck_assert_str_eq(text_of("b"), "abc");
	ck_assert_uint_eq(mode_of("b"), 0754);
	make_file("c", "a longer text");
	ck_ok(chmod(in_folder("c"), 0600));
	ck_ok(copy("a", "c", 0));
	ck_assert_str_eq(text_of("c"), "abc");
	ck_assert_uint_eq(mode_of("c"), 0754);
	make_file("a", "");
	ck_ok(copy("a", "d", 0));
	ck_assert_str_eq(text_of("d"), "");
}

FS_TEST(a_copy_may_be_told_to_write_over_nothing)
{
	make_file("a", "abc");
	make_file("b", "old");
	ck_err(copy("a", "b", ROTA_FS_COPY_NEW), -EEXIST);
	ck_assert_str_eq(text_of("b"), "old");
	ck_ok(copy("a", "c", ROTA_FS_COPY_NEW));
	ck_assert_str_eq(text_of("c"), "abc");
}

FS_TEST(a_copy_onto_itself_changes_nothing)
{
	make_file("a", "abc");
	ck_ok(symlink("a", in_folder("s")));
	ck_ok(copy("a", "a", 0));
	ck_ok(copy("s", "a", 0));
	ck_ok(copy("a", "s", 0));
	ck_assert_str_eq(text_of("a"), "abc");
}

FS_TEST(what_is_no_file_is_not_copied)
{
	make_file("a", "abc");
	make_folder("d");
	ck_ok(mkfifo(in_folder("f"), 0600));
	ck_err(copy("d", "b", 0), -EISDIR);
	ck_err(copy("f", "b", 0), -EINVAL);
	ck_err(copy("a", "d", 0), -EISDIR);
	ck_assert_int_eq(is_there("b"), 0);
}

/* Blocks are shared, or nothing is left behind. */
FS_TEST(a_clone_is_made_or_refused)
{
	int r;

	make_file("a", "abc");
	r = copy("a", "b", ROTA_FS_COPY_CLONE);
	if (r == 0) {
		ck_assert_str_eq(text_of("b"), "abc");
		return;
	}
	ck_err(r, -ENOTSUP);
	ck_assert_int_eq(is_there("b"), 0);
}

FS_TEST(a_file_of_unknown_size_is_copied)
{
	if (access("/proc/version", R_OK) < 0)
		return;
	ck_ok(ENDED(rota_fs_copyfile(
		fs_loop(), &fs, "/proc/version", in_folder("a"), 0, fs_form)));
	ck_assert_int_eq(strncmp(text_of("a"), "Linux", 5), 0);
}

FS_TEST(a_large_file_is_copied_in_pieces)
{
	size_t size_bytes = (size_t)9 << 20;
	char *memory = malloc(size_bytes);
	char *end;
	size_t i;
	int fd;

	for (i = 0; i < size_bytes; i++)
		memory[i] = (char)(i * 7 + i / 4099);
	fd = open(in_folder("a"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(fd, memory, size_bytes), (ssize_t)size_bytes);
	ck_ok(close(fd));
	ck_ok(copy("a", "b", 0));
	ck_ok(read_file(in_folder("b"), SIZE_MAX));
	ck_assert_uint_eq(rota_fs_get_size(&fs), size_bytes);
	end = rota_fs_get_data(&fs);
	ck_assert_int_eq(memcmp(end, memory, size_bytes), 0);
	ck_ok(rota_fs_clear(&fs));
	free(memory);
}

/* Trees **************************************************************/

static int
remove_tree(const char *name)
{
	return ENDED(
		rota_fs_remove_tree(fs_loop(), &fs, in_folder(name), fs_form));
}

FS_TEST(a_tree_is_removed_with_all_that_is_in_it)
{
	make_folder("t");
	make_folder("t/a");
	make_folder("t/a/b");
	make_folder("t/a/c");
	make_folder("t/empty");
	make_file("t/a/b/file", "");
	make_file("t/a/c/file", "");
	make_file("t/file", "");
	ck_ok(mkfifo(in_folder("t/a/fifo"), 0600));
	ck_ok(chmod(in_folder("t/a/b/file"), 0));
	ck_ok(remove_tree("t"));
	ck_assert_int_eq(count_names(""), 0);
	ck_err(remove_tree("t"), -ENOENT);
}

FS_TEST(what_is_no_tree_is_removed_alike)
{
	make_file("file", "");
	ck_ok(remove_tree("file"));
	ck_ok(mkfifo(in_folder("fifo"), 0600));
	ck_ok(remove_tree("fifo"));
	make_folder("empty");
	ck_ok(remove_tree("empty"));
	ck_assert_int_eq(count_names(""), 0);
}

FS_TEST(links_are_removed_and_not_followed)
{
	make_folder("kept");
	make_file("kept/file", "");
	make_folder("t");
	ck_ok(symlink("../kept", in_folder("t/down")));
	ck_ok(symlink("..", in_folder("t/up")));
	ck_ok(symlink("kept", in_folder("link")));
	ck_ok(remove_tree("t"));
	ck_ok(remove_tree("link"));
	ck_assert_int_eq(count_names(""), 1);
	ck_assert_int_eq(count_names("kept"), 1);
}

/* Deeper than a path can say, and than there are descriptors. */
FS_TEST(a_tree_may_be_deeper_than_a_path_is_long)
{
	int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned depth = harness_scale(300) + 850;
	unsigned i;

	make_folder("t");
	ck_ok(chdir(in_folder("t")));
	for (i = 0; i < depth; i++) {
		ck_ok(mkdir("down", 0700));
		ck_ok(mkdir("side", 0700));
		ck_ok(close(open(
			"side/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
		ck_ok(chdir("down"));
	}
	ck_ok(fchdir(before));
	ck_ok(close(before));
	ck_ok(remove_tree("t"));
	ck_assert_int_eq(count_names(""), 0);
}

FS_TEST(a_wide_tree_is_removed)
{
	unsigned n = harness_scale(150);
	char name[64];
	unsigned i;

	make_folder("t");
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "t/d%u", i);
		make_folder(name);
		(void)snprintf(name, sizeof(name), "t/d%u/file", i);
		make_file(name, "");
		(void)snprintf(name, sizeof(name), "t/f%u", i);
		make_file(name, "");
	}
	ck_ok(remove_tree("t"));
	ck_assert_int_eq(count_names(""), 0);
}

/*
 * The table of system calls with a door in it: when the directory called
 * "in" has been opened, somebody moves it elsewhere.
 */
static struct rota__sys_files moving_files;
static struct rota_sys moving_sys;

static int
open_and_move(int at, const char *path, int flags, unsigned mode)
{
	int fd = rota__sys_real_files.open(at, path, flags, mode);

	if (strcmp(path, "in") == 0)
		(void)rename(in_folder("t/mid/in"), in_folder("else/in"));
	return fd;
}

LOOP_TEST(a_directory_moved_away_does_not_lead_outside)
{
	struct rota_loop_options options = ROTA_LOOP_OPTIONS_INIT;
	struct rota_loop *other;

	moving_files = rota__sys_real_files;
	moving_files.open = open_and_move;
	moving_sys = rota__sys_real;
	moving_sys.files = &moving_files;
	options.sys = &moving_sys;
	ck_ok(rota_loop_create(&options, &other));
	folder_make(folder_root(0));
	make_folder("t");
	make_folder("t/mid");
	make_folder("t/mid/in");
	make_file("t/mid/in/file", "");
	make_folder("else");
	make_file("else/kept", "");
	ck_err(rota_fs_remove_tree(other, &fs, in_folder("t"), NULL), -ESTALE);
	ck_assert_int_eq(is_there("else/kept"), 1);
	folder_remove();
	ck_ok(rota_loop_close(other));
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "reading");

	tcase_add_loop_test(tc, a_file_is_read_to_its_end);
	tcase_add_loop_test(tc, a_file_longer_than_allowed_is_not_read);
	tcase_add_loop_test(tc, a_file_of_unknown_size_is_read);
	tcase_add_loop_test(tc, a_fifo_is_read_until_its_writers_have_closed);

	tc = harness_case(suite, "writing");
	tcase_add_loop_test(tc, a_new_file_is_written_with_the_mode_asked_for);
	tcase_add_loop_test(tc, a_file_that_is_there_keeps_its_mode_and_owner);
	tcase_add_loop_test(tc, whoever_has_the_old_file_open_keeps_it);
	tcase_add_loop_test(tc, a_link_leads_to_what_is_written);
	tcase_add_loop_test(tc, what_is_no_file_is_not_written_over);
	tcase_add_loop_test(
		tc, a_path_without_a_slash_is_of_the_working_directory);
	tcase_add_loop_test(tc, a_name_as_long_as_can_be_is_written);
	tcase_add_loop_test(tc, a_reader_never_sees_a_half_written_file);

	tc = harness_case(suite, "copies");
	tcase_add_loop_test(tc, a_copy_has_the_bytes_and_the_mode);
	tcase_add_loop_test(tc, a_copy_may_be_told_to_write_over_nothing);
	tcase_add_loop_test(tc, a_copy_onto_itself_changes_nothing);
	tcase_add_loop_test(tc, what_is_no_file_is_not_copied);
	tcase_add_loop_test(tc, a_clone_is_made_or_refused);
	tcase_add_loop_test(tc, a_file_of_unknown_size_is_copied);
	tcase_add_loop_test(tc, a_large_file_is_copied_in_pieces);

	tc = harness_case(suite, "trees");
	tcase_add_loop_test(tc, a_tree_is_removed_with_all_that_is_in_it);
	tcase_add_loop_test(tc, what_is_no_tree_is_removed_alike);
	tcase_add_loop_test(tc, links_are_removed_and_not_followed);
	tcase_add_loop_test(tc, a_tree_may_be_deeper_than_a_path_is_long);
	tcase_add_loop_test(tc, a_wide_tree_is_removed);
	tcase_add_loop_test(tc, a_directory_moved_away_does_not_lead_outside);
}

HARNESS_MAIN("fs_whole", add_cases)
