/* SPDX-License-Identifier: MIT */
/*
 * For tests of what is done with files: each has an empty folder, and is run
 * in both forms of the calls, done at once and by the pool, on the disk and
 * in memory where there is such a file system.
 *
 *	FS_TEST(a_file_is_made)
 *	{
 *		struct rota_fs fs;
 *
 *		ck_ok(ENDED(rota_fs_mkdir(
 *			fs_loop(), &fs, in_folder("x"), 0700, fs_form)));
 *	}
 */
#ifndef ROTA_TESTS_FOLDER_H
#define ROTA_TESTS_FOLDER_H

#include "rota.h"
#include "tests/harness.h"

/* The form under test: NULL for at once, or what ends a request. */
extern rota_fs_fn *fs_form;

/* The loop, or NULL in the form that needs none. */
struct rota_loop *fs_loop(void);

/* The folder of the test in progress. */
extern char folder[64];

/* The path of a name in it; the last eight stay valid. */
const char *in_folder(const char *name);

void folder_make(const char *root);
void folder_remove(void);

/* Where folders can be made: the disk, and a file system in memory. */
int folder_n_roots(void);
const char *folder_root(int number);

/* Runs a test in all forms on all file systems. */
void fs_each_form(void (*test)(void));

/*
 * Returns the result of a call: what it returned at once, or what its
 * callback got when the loop was run.
 */
#define ENDED(call) fs_end(call)
int fs_end(int r);

/* Ends what was started in the form of the pool. */
void fs_on_end(struct rota_fs *fs, int status);

/* Files, by the C library. */
void make_file(const char *name, const char *text);
void make_folder(const char *name);
const char *text_of(const char *name);
int is_there(const char *name);
unsigned mode_of(const char *name);
/* How many names are in the folder, or one in it. */
int count_names(const char *name);

#define FS_TEST(name) \
	static void name##_in_folder(void); \
	LOOP_TEST(name) \
	{ \
		fs_each_form(name##_in_folder); \
	} \
	static void name##_in_folder(void)

#endif
