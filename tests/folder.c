/* SPDX-License-Identifier: MIT */
/* Folders for tests of files, see folder.h. */
#include "tests/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

rota_fs_fn *fs_form;
char folder[64];

static int n_ended;
static int last_status;

/* Folders ************************************************************/

const char *
in_folder(const char *name)
{
	static char paths[8][1024];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, 1024, "%s%s%s", folder, *name ? "/" : "", name);
	return path;
}

void
folder_make(const char *root)
{
	(void)snprintf(folder, sizeof(folder), "%s/rota.XXXXXX", root);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *where)
{
	(void)st;
	(void)flag;
	(void)where;
	return remove(path);
}

void
folder_remove(void)
{
	ck_ok(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

static const char *
disk(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp";
}

/* Two that are different file systems are worth while. */
int
folder_n_roots(void)
{
	struct stat of_disk;
	struct stat of_memory;

	return access("/dev/shm", W_OK | X_OK) == 0 &&
			stat(disk(), &of_disk) == 0 &&
			stat("/dev/shm", &of_memory) == 0 &&
			of_disk.st_dev != of_memory.st_dev ?
		2 :
		1;
}

const char *
folder_root(int number)
{
	return number == 0 ? disk() : "/dev/shm";
}

/* Forms **************************************************************/

struct rota_loop *
fs_loop(void)
{
	return fs_form == NULL ? NULL : loop;
}

void
fs_on_end(struct rota_fs *fs, int status)
{
	ck_assert_int_eq(rota_fs_result(fs), status);
	last_status = status;
	n_ended++;
}

int
fs_end(int r)
{
	if (fs_form == NULL || r < 0)
		return r;
	ck_assert_int_eq(r, 0);
	n_ended = 0;
	run_to_the_end();
	ck_assert_int_eq(n_ended, 1);
	return last_status;
}

static void
run_in(void (*test)(void), rota_fs_fn *form, int root)
{
	fs_form = form;
	folder_make(folder_root(root));
	test();
	folder_remove();
}

void
fs_each_form(void (*test)(void))
{
	int root;

	for (root = 0; root < folder_n_roots(); root++) {
		run_in(test, NULL, root);
		run_in(test, fs_on_end, root);
	}
}

/* Files **************************************************************/

void
make_file(const char *name, const char *text)
{
	FILE *file = fopen(in_folder(name), "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_ok(fclose(file));
}

void
make_folder(const char *name)
{
	ck_ok(mkdir(in_folder(name), 0700));
}

const char *
text_of(const char *name)
{
	static char text[65536];
	FILE *file = fopen(in_folder(name), "re");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	ck_ok(fclose(file));
	return text;
}

int
is_there(const char *name)
{
	struct stat about;

	return lstat(in_folder(name), &about) == 0;
}

unsigned
mode_of(const char *name)
{
	struct stat about;

	ck_ok(lstat(in_folder(name), &about));
	return about.st_mode & 07777;
}

int
count_names(const char *name)
{
	DIR *dir = opendir(in_folder(name));
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		n++;
	ck_ok(closedir(dir));
	return n - 2;
}
