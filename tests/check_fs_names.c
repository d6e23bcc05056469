/* SPDX-License-Identifier: MIT */
/* Names made, removed and read. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/folder.h"

static struct rota_fs fs;

/* Making and removing ************************************************/

FS_TEST(a_directory_is_made_and_removed)
{
	ck_ok(ENDED(
		rota_fs_mkdir(fs_loop(), &fs, in_folder("d"), 0700, fs_form)));
	ck_assert_uint_eq(mode_of("d"), 0700);
	ck_err(ENDED(rota_fs_mkdir(
		       fs_loop(), &fs, in_folder("d"), 0700, fs_form)),
		-EEXIST);
	make_file("d/a", "");
	ck_err(ENDED(rota_fs_rmdir(fs_loop(), &fs, in_folder("d"), fs_form)),
		-ENOTEMPTY);
	ck_err(ENDED(rota_fs_rmdir(fs_loop(), &fs, in_folder("d/a"), fs_form)),
		-ENOTDIR);
	ck_ok(ENDED(rota_fs_unlink(fs_loop(), &fs, in_folder("d/a"), fs_form)));
	ck_ok(ENDED(rota_fs_rmdir(fs_loop(), &fs, in_folder("d"), fs_form)));
	ck_assert_int_eq(count_names(""), 0);
}

FS_TEST(unlink_does_not_remove_a_directory)
{
	int r;

	make_folder("d");
	r = ENDED(rota_fs_unlink(fs_loop(), &fs, in_folder("d"), fs_form));
	ck_assert_msg(r == -EISDIR || r == -EPERM, "unlink: %d", r);
	ck_assert_int_eq(is_there("d"), 1);
}

FS_TEST(a_fifo_is_made)
{
	struct stat about;

	ck_ok(ENDED(
		rota_fs_mkfifo(fs_loop(), &fs, in_folder("f"), 0600, fs_form)));
	ck_ok(lstat(in_folder("f"), &about));
	ck_assert_int_ne(S_ISFIFO(about.st_mode), 0);
	ck_err(ENDED(rota_fs_mkfifo(
		       fs_loop(), &fs, in_folder("f"), 0600, fs_form)),
		-EEXIST);
}

FS_TEST(names_that_nobody_has_are_found)
{
	char dir[128];
	char file[128];
	int fd;

	(void)snprintf(dir, sizeof(dir), "%s/d.XXXXXX", folder);
	(void)snprintf(file, sizeof(file), "%s/f.XXXXXX", folder);
	ck_ok(ENDED(rota_fs_mkdtemp(fs_loop(), &fs, dir, fs_form)));
	fd = ENDED(rota_fs_mkstemp(fs_loop(), &fs, file, fs_form));
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	ck_ok(close(fd));
	ck_assert_ptr_null(strstr(dir, "XXXXXX"));
	ck_assert_uint_eq(mode_of(dir + strlen(folder) + 1), 0700);
	ck_assert_uint_eq(mode_of(file + strlen(folder) + 1), 0600);
	ck_assert_int_eq(count_names(""), 2);
	ck_err(ENDED(rota_fs_mkdtemp(fs_loop(), &fs, dir, fs_form)), -EINVAL);
	ck_err(ENDED(rota_fs_mkstemp(fs_loop(), &fs, file, fs_form)), -EINVAL);
	(void)snprintf(file, sizeof(file), "%s/no/f.XXXXXX", folder);
	ck_err(ENDED(rota_fs_mkstemp(fs_loop(), &fs, file, fs_form)), -ENOENT);
	(void)snprintf(dir, sizeof(dir), "%s/no/d.XXXXXX", folder);
	ck_err(ENDED(rota_fs_mkdtemp(fs_loop(), &fs, dir, fs_form)), -ENOENT);
}

/* Other names ********************************************************/

FS_TEST(a_rename_takes_the_name_from_whoever_has_it)
{
	make_file("a", "abc");
	make_file("b", "old");
	make_folder("d");
	make_file("d/x", "");
	ck_ok(ENDED(rota_fs_rename(
		fs_loop(), &fs, in_folder("a"), in_folder("b"), fs_form)));
	ck_assert_str_eq(text_of("b"), "abc");
	ck_assert_int_eq(is_there("a"), 0);
	ck_err(ENDED(rota_fs_rename(fs_loop(), &fs, in_folder("a"),
		       in_folder("b"), fs_form)),
		-ENOENT);
	ck_err(ENDED(rota_fs_rename(fs_loop(), &fs, in_folder("b"),
		       in_folder("d"), fs_form)),
		-EISDIR);
	ck_err(ENDED(rota_fs_rename(fs_loop(), &fs, in_folder("d"),
		       in_folder("b"), fs_form)),
		-ENOTDIR);
	ck_err(ENDED(rota_fs_rename(fs_loop(), &fs, in_folder("d"),
		       in_folder("d/y"), fs_form)),
		-EINVAL);
	make_folder("e");
	ck_err(ENDED(rota_fs_rename(fs_loop(), &fs, in_folder("e"),
		       in_folder("d"), fs_form)),
		-ENOTEMPTY);
}

FS_TEST(two_file_systems_share_no_names)
{
	char other[80];
	char path[96];

	if (folder_n_roots() < 2)
		return;
	(void)snprintf(other, sizeof(other), "%s/rota.XXXXXX",
		folder_root(strncmp(folder, folder_root(1),
				    strlen(folder_root(1))) != 0));
	ck_assert_ptr_nonnull(mkdtemp(other));
	make_file("a", "abc");
	(void)snprintf(path, sizeof(path), "%s/a", other);
	ck_err(ENDED(rota_fs_rename(
		       fs_loop(), &fs, in_folder("a"), path, fs_form)),
		-EXDEV);
	ck_err(ENDED(rota_fs_link(
		       fs_loop(), &fs, in_folder("a"), path, fs_form)),
		-EXDEV);
	ck_ok(rmdir(other));
}

FS_TEST(a_link_is_one_more_name_of_a_file)
{
	make_file("a", "abc");
	make_folder("d");
	ck_ok(ENDED(rota_fs_link(
		fs_loop(), &fs, in_folder("a"), in_folder("b"), fs_form)));
	make_file("a", "new");
	ck_assert_str_eq(text_of("b"), "new");
	ck_err(ENDED(rota_fs_link(fs_loop(), &fs, in_folder("a"),
		       in_folder("b"), fs_form)),
		-EEXIST);
	ck_err(ENDED(rota_fs_link(fs_loop(), &fs, in_folder("c"),
		       in_folder("e"), fs_form)),
		-ENOENT);
	ck_err(ENDED(rota_fs_link(fs_loop(), &fs, in_folder("d"),
		       in_folder("e"), fs_form)),
		-EPERM);
}

FS_TEST(a_symbolic_link_says_what_it_was_told)
{
	char text[16];

	ck_ok(ENDED(rota_fs_symlink(
		fs_loop(), &fs, "nowhere", in_folder("s"), fs_form)));
	ck_assert_int_eq(ENDED(rota_fs_readlink(fs_loop(), &fs, in_folder("s"),
				 text, sizeof(text), fs_form)),
		7);
	ck_assert_str_eq(text, "nowhere");
	ck_assert_int_eq(ENDED(rota_fs_readlink(fs_loop(), &fs, in_folder("s"),
				 text, 8, fs_form)),
		7);
	ck_err(ENDED(rota_fs_readlink(
		       fs_loop(), &fs, in_folder("s"), text, 7, fs_form)),
		-ERANGE);
	make_file("a", "");
	ck_err(ENDED(rota_fs_readlink(fs_loop(), &fs, in_folder("a"), text,
		       sizeof(text), fs_form)),
		-EINVAL);
	ck_err(ENDED(rota_fs_symlink(
		       fs_loop(), &fs, "x", in_folder("a"), fs_form)),
		-EEXIST);
}

FS_TEST(a_real_path_has_no_links_and_no_dots)
{
	char text[1024];
	char expected[1024];
	int n;

	ck_assert_ptr_nonnull(realpath(folder, expected));
	(void)strcat(expected, "/d");
	make_folder("d");
	ck_ok(symlink("d", in_folder("s")));
	n = ENDED(rota_fs_realpath(fs_loop(), &fs, in_folder("s/../d/."), text,
		sizeof(text), fs_form));
	ck_assert_int_eq(n, (int)strlen(expected));
	ck_assert_str_eq(text, expected);
	ck_err(ENDED(rota_fs_realpath(fs_loop(), &fs, in_folder("s"), text,
		       (size_t)n, fs_form)),
		-ERANGE);
	ck_err(ENDED(rota_fs_realpath(fs_loop(), &fs, in_folder("no"), text,
		       sizeof(text), fs_form)),
		-ENOENT);
}

/* Directories ********************************************************/

static void
make_zoo(void)
{
	make_file("file", "");
	make_folder("dir");
	ck_ok(symlink("file", in_folder("link")));
	ck_ok(mkfifo(in_folder("fifo"), 0600));
}

/* What a directory says of a name; some file systems say nothing. */
static void
ck_kind(const struct rota_fs_entry *entry)
{
	static const struct {
		const char *name;
		unsigned kind;
	} zoo[] = {
		{ "file", ROTA_FS_FILE },
		{ "dir", ROTA_FS_DIRECTORY },
		{ "link", ROTA_FS_LINK },
		{ "fifo", ROTA_FS_FIFO },
	};
	size_t i;

	for (i = 0; i < 4; i++)
		if (strcmp(zoo[i].name, entry->name) == 0 &&
			entry->kind != ROTA_FS_UNKNOWN)
			ck_assert_uint_eq(entry->kind, zoo[i].kind);
}

FS_TEST(a_directory_is_read_at_once_and_in_order)
{
	static const char *const names[] = { "dir", "fifo", "file", "link" };
	struct rota_fs_entry entry;
	struct stat about;
	size_t i;

	make_zoo();
	ck_assert_int_eq(
		ENDED(rota_fs_scandir(fs_loop(), &fs, folder, fs_form)), 4);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 1);
		ck_assert_str_eq(entry.name, names[i]);
		ck_kind(&entry);
		ck_ok(lstat(in_folder(entry.name), &about));
		ck_assert_uint_eq(entry.inode, about.st_ino);
	}
	ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 0);
	ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 0);
	ck_ok(rota_fs_clear(&fs));
	ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 0);
	ck_ok(rota_fs_clear(&fs));
}

FS_TEST(an_empty_directory_has_no_names)
{
	struct rota_fs_entry entry;

	ck_assert_int_eq(
		ENDED(rota_fs_scandir(fs_loop(), &fs, folder, fs_form)), 0);
	ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 0);
	ck_ok(rota_fs_clear(&fs));
	make_file("a", "");
	ck_err(ENDED(rota_fs_scandir(fs_loop(), &fs, in_folder("a"), fs_form)),
		-ENOTDIR);
	ck_err(rota_fs_next_entry(&fs, &entry), -EINVAL);
	ck_ok(rota_fs_clear(&fs));
}

static void
make_many(unsigned n)
{
	char name[64];
	unsigned i;

	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name),
			"a-name-that-is-rather-long-%06u", i);
		make_file(name, "");
	}
}

FS_TEST(a_large_directory_is_read_at_once)
{
	unsigned n = harness_scale(3000);
	struct rota_fs_entry entry;
	char last[64] = "";
	unsigned i;

	make_many(n);
	ck_assert_int_eq(
		ENDED(rota_fs_scandir(fs_loop(), &fs, folder, fs_form)),
		(int)n);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 1);
		ck_assert_int_gt(strcmp(entry.name, last), 0);
		(void)snprintf(last, sizeof(last), "%s", entry.name);
	}
	ck_assert_int_eq(rota_fs_next_entry(&fs, &entry), 0);
	ck_ok(rota_fs_clear(&fs));
}

/* Each name comes once, however small the memory. */
static unsigned
read_bit_by_bit(char *memory, size_t size_bytes, char *ret_seen)
{
	struct rota_fs_entry entry;
	struct rota_fs_dir dir;
	unsigned n_rounds = 0;
	int n;

	ck_ok(ENDED(rota_fs_opendir(fs_loop(), &fs, folder, &dir, fs_form)));
	while ((n = ENDED(rota_fs_readdir(fs_loop(), &fs, &dir, memory,
			size_bytes, fs_form))) > 0) {
		n_rounds++;
		while (rota_fs_next_entry(&fs, &entry) == 1) {
			ret_seen[atoi(strrchr(entry.name, '-') + 1)]++;
			n--;
		}
		ck_assert_int_eq(n, 0);
	}
	ck_ok(n);
	ck_ok(ENDED(rota_fs_closedir(fs_loop(), &fs, &dir, fs_form)));
	ck_err(ENDED(rota_fs_closedir(fs_loop(), &fs, &dir, fs_form)), -EBADF);
	ck_err(ENDED(rota_fs_readdir(
		       fs_loop(), &fs, &dir, memory, size_bytes, fs_form)),
		-EBADF);
	return n_rounds;
}

FS_TEST(a_directory_is_read_bit_by_bit)
{
	char seen[200] = "";
	char memory[2048];
	unsigned i;

	make_many(200);
	/* Any alignment will do. */
	ck_assert_uint_ge(
		read_bit_by_bit(memory + 1, ROTA_FS_ENTRY_BYTES, seen), 20);
	for (i = 0; i < 200; i++)
		ck_assert_int_eq(seen[i], 1);
	ck_assert_uint_gt(read_bit_by_bit(memory, sizeof(memory), seen), 1);
	for (i = 0; i < 200; i++)
		ck_assert_int_eq(seen[i], 2);
}

FS_TEST(a_directory_that_cannot_be_opened_needs_no_closing)
{
	struct rota_fs_dir dir;

	make_file("a", "");
	ck_err(ENDED(rota_fs_opendir(
		       fs_loop(), &fs, in_folder("no"), &dir, fs_form)),
		-ENOENT);
	ck_err(ENDED(rota_fs_opendir(
		       fs_loop(), &fs, in_folder("a"), &dir, fs_form)),
		-ENOTDIR);
	ck_err(ENDED(rota_fs_closedir(fs_loop(), &fs, &dir, fs_form)), -EBADF);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "names");

	tcase_add_loop_test(tc, a_directory_is_made_and_removed);
	tcase_add_loop_test(tc, unlink_does_not_remove_a_directory);
	tcase_add_loop_test(tc, a_fifo_is_made);
	tcase_add_loop_test(tc, names_that_nobody_has_are_found);
	tcase_add_loop_test(tc, a_rename_takes_the_name_from_whoever_has_it);
	tcase_add_loop_test(tc, two_file_systems_share_no_names);
	tcase_add_loop_test(tc, a_link_is_one_more_name_of_a_file);
	tcase_add_loop_test(tc, a_symbolic_link_says_what_it_was_told);
	tcase_add_loop_test(tc, a_real_path_has_no_links_and_no_dots);

	tc = harness_case(suite, "directories");
	tcase_add_loop_test(tc, a_directory_is_read_at_once_and_in_order);
	tcase_add_loop_test(tc, an_empty_directory_has_no_names);
	tcase_add_loop_test(tc, a_large_directory_is_read_at_once);
	tcase_add_loop_test(tc, a_directory_is_read_bit_by_bit);
	tcase_add_loop_test(
		tc, a_directory_that_cannot_be_opened_needs_no_closing);
}

HARNESS_MAIN("fs_names", add_cases)
