/* SPDX-License-Identifier: MIT */
/* What is known of files, and changing it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/folder.h"

#define NS_PER_S INT64_C(1000000000)
#define YEAR_2000_NS (INT64_C(946684800) * NS_PER_S)
#define NOBODY 65534

static struct rota_fs fs;

static const struct rota_file_stat *
stat_of(const char *name)
{
	ck_ok(ENDED(rota_fs_stat(fs_loop(), &fs, in_folder(name), fs_form)));
	return rota_fs_get_stat(&fs);
}

static const struct rota_file_stat *
lstat_of(const char *name)
{
	ck_ok(ENDED(rota_fs_lstat(fs_loop(), &fs, in_folder(name), fs_form)));
	return rota_fs_get_stat(&fs);
}

static int
must_open(const char *name, int flags)
{
	int fd = open(in_folder(name), flags | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	return fd;
}

/* State **************************************************************/

static void
ck_as_the_kernel_says(const struct rota_file_stat *seen, const struct stat *as)
{
	ck_assert_uint_eq(seen->device, (uint64_t)as->st_dev);
	ck_assert_uint_eq(seen->inode, (uint64_t)as->st_ino);
	ck_assert_uint_eq(seen->size_bytes, (uint64_t)as->st_size);
	ck_assert_uint_eq(seen->allocated_bytes, (uint64_t)as->st_blocks * 512);
	ck_assert_uint_eq(seen->n_links, (uint64_t)as->st_nlink);
	ck_assert_uint_eq(seen->special_device, (uint64_t)as->st_rdev);
	ck_assert_uint_eq(seen->mode, as->st_mode);
	ck_assert_uint_eq(seen->uid, as->st_uid);
	ck_assert_uint_eq(seen->gid, as->st_gid);
	ck_assert_uint_eq(seen->block_bytes, (uint32_t)as->st_blksize);
	ck_assert_int_eq(seen->modified_ns,
		as->st_mtim.tv_sec * NS_PER_S + as->st_mtim.tv_nsec);
	ck_assert_int_eq(seen->accessed_ns,
		as->st_atim.tv_sec * NS_PER_S + as->st_atim.tv_nsec);
	ck_assert_int_eq(seen->status_changed_ns,
		as->st_ctim.tv_sec * NS_PER_S + as->st_ctim.tv_nsec);
}

FS_TEST(stat_says_what_the_kernel_says)
{
	struct stat as;
	int fd;

	make_file("a", "abc");
	ck_ok(stat(in_folder("a"), &as));
	ck_as_the_kernel_says(stat_of("a"), &as);
	ck_as_the_kernel_says(lstat_of("a"), &as);
	fd = must_open("a", O_RDONLY);
	ck_ok(ENDED(rota_fs_fstat(fs_loop(), &fs, fd, fs_form)));
	ck_as_the_kernel_says(rota_fs_get_stat(&fs), &as);
	ck_ok(close(fd));
	ck_ok(stat("/dev/null", &as));
	ck_ok(ENDED(rota_fs_stat(fs_loop(), &fs, "/dev/null", fs_form)));
	ck_as_the_kernel_says(rota_fs_get_stat(&fs), &as);
}

FS_TEST(stat_follows_a_link_and_lstat_does_not)
{
	make_file("a", "abc");
	ck_ok(symlink("a", in_folder("link")));
	ck_assert_uint_eq(stat_of("link")->size_bytes, 3);
	ck_assert_int_ne(S_ISREG(stat_of("link")->mode), 0);
	ck_assert_int_ne(S_ISLNK(lstat_of("link")->mode), 0);
}

/* Where the time of birth is known it lies between two looks at the clock. */
FS_TEST(a_file_is_born_when_it_is_made)
{
	int64_t before_ns = (int64_t)(time(NULL) - 2) * NS_PER_S;
	int64_t after_ns;
	int64_t born_ns;

	make_file("a", "abc");
	after_ns = (int64_t)(time(NULL) + 2) * NS_PER_S;
	born_ns = stat_of("a")->born_ns;
	if (born_ns == 0)
		return;
	ck_assert_int_ge(born_ns, before_ns);
	ck_assert_int_le(born_ns, after_ns);
	ck_ok(ENDED(rota_fs_utime(fs_loop(), &fs, in_folder("a"), YEAR_2000_NS,
		ROTA_FS_TIME_KEEP, fs_form)));
	ck_assert_int_eq(stat_of("a")->born_ns, born_ns);
}

FS_TEST(a_request_that_failed_has_no_state_to_show)
{
	(void)stat_of("");
	ck_err(ENDED(rota_fs_stat(fs_loop(), &fs, in_folder("a"), fs_form)),
		-ENOENT);
	ck_assert_ptr_null(rota_fs_get_stat(&fs));
	ck_assert_ptr_null(rota_fs_get_space(&fs));
	ck_assert_ptr_null(rota_fs_get_data(&fs));
	ck_assert_uint_eq(rota_fs_get_size(&fs), 0);
}

FS_TEST(a_file_system_tells_its_room)
{
	const struct rota_fs_space *space;

	ck_ok(ENDED(rota_fs_statfs(fs_loop(), &fs, folder, fs_form)));
	space = rota_fs_get_space(&fs);
	ck_assert_ptr_nonnull(space);
	ck_assert_uint_gt(space->block_bytes, 0);
	ck_assert_uint_gt(space->n_blocks, 0);
	ck_assert_uint_ge(space->n_blocks, space->n_free);
	ck_assert_uint_ge(space->n_free, space->n_available);
	ck_assert_uint_ge(space->max_name_bytes, 14);
	ck_assert_int_eq(space->is_read_only, 0);
	ck_assert_ptr_null(rota_fs_get_stat(&fs));
}

FS_TEST(access_asks_for_the_rights_of_the_user)
{
	make_file("a", "abc");
	ck_ok(chmod(in_folder("a"), 0600));
	ck_ok(ENDED(rota_fs_access(
		fs_loop(), &fs, in_folder("a"), R_OK | W_OK, fs_form)));
	ck_ok(ENDED(
		rota_fs_access(fs_loop(), &fs, in_folder("a"), F_OK, fs_form)));
	/* Not even root may run what nobody may. */
	ck_err(ENDED(rota_fs_access(
		       fs_loop(), &fs, in_folder("a"), X_OK, fs_form)),
		-EACCES);
	ck_err(ENDED(rota_fs_access(
		       fs_loop(), &fs, in_folder("b"), F_OK, fs_form)),
		-ENOENT);
	ck_err(ENDED(rota_fs_access(
		       fs_loop(), &fs, in_folder("a"), 0x1000, fs_form)),
		-EINVAL);
}

/* Permissions, owners, times *****************************************/

FS_TEST(permissions_are_set_by_path_and_by_descriptor)
{
	int fd;

	make_file("a", "abc");
	ck_ok(symlink("a", in_folder("link")));
	ck_ok(ENDED(rota_fs_chmod(
		fs_loop(), &fs, in_folder("link"), 0604, fs_form)));
	ck_assert_uint_eq(mode_of("a"), 0604);
	fd = must_open("a", O_RDONLY);
	ck_ok(ENDED(rota_fs_fchmod(fs_loop(), &fs, fd, 0640, fs_form)));
	ck_assert_uint_eq(mode_of("a"), 0640);
	ck_ok(close(fd));
	ck_err(ENDED(rota_fs_fchmod(fs_loop(), &fs, fd, 0640, fs_form)),
		-EBADF);
	ck_err(ENDED(rota_fs_chmod(
		       fs_loop(), &fs, in_folder("b"), 0640, fs_form)),
		-ENOENT);
}

FS_TEST(permissions_of_a_link_are_its_own_or_not_to_be_had)
{
	int r;

	make_file("a", "abc");
	ck_ok(chmod(in_folder("a"), 0600));
	ck_ok(symlink("a", in_folder("link")));
	r = ENDED(rota_fs_lchmod(
		fs_loop(), &fs, in_folder("link"), 0640, fs_form));
	if (r != 0)
		ck_err(r, -EOPNOTSUPP);
	ck_assert_uint_eq(mode_of("a"), 0600);
	r = ENDED(
		rota_fs_lchmod(fs_loop(), &fs, in_folder("a"), 0640, fs_form));
	if (r == 0)
		ck_assert_uint_eq(mode_of("a"), 0640);
	else
		ck_err(r, -EOPNOTSUPP);
}

/* Only root gives files away; keeping both is allowed to everybody. */
FS_TEST(an_owner_is_changed_of_the_file_or_of_the_link)
{
	int is_root = geteuid() == 0;
	uint32_t uid = is_root ? NOBODY : ROTA_FS_KEEP;
	uint32_t uid_after = is_root ? NOBODY : (uint32_t)geteuid();
	int fd;

	make_file("a", "abc");
	ck_ok(symlink("a", in_folder("link")));
	ck_ok(ENDED(rota_fs_lchown(fs_loop(), &fs, in_folder("link"), uid,
		ROTA_FS_KEEP, fs_form)));
	ck_assert_uint_eq(lstat_of("link")->uid, uid_after);
	ck_assert_uint_eq(lstat_of("a")->uid, (uint32_t)geteuid());
	ck_ok(ENDED(rota_fs_chown(fs_loop(), &fs, in_folder("link"), uid,
		ROTA_FS_KEEP, fs_form)));
	ck_assert_uint_eq(lstat_of("a")->uid, uid_after);
	ck_assert_uint_eq(lstat_of("a")->gid, lstat_of("link")->gid);
	fd = must_open("a", O_RDONLY);
	ck_ok(ENDED(rota_fs_fchown(fs_loop(), &fs, fd, (uint32_t)geteuid(),
		ROTA_FS_KEEP, fs_form)));
	ck_assert_uint_eq(lstat_of("a")->uid, (uint32_t)geteuid());
	ck_ok(close(fd));
	ck_err(ENDED(rota_fs_fchown(
		       fs_loop(), &fs, fd, ROTA_FS_KEEP, 0, fs_form)),
		-EBADF);
	ck_err(ENDED(rota_fs_chown(fs_loop(), &fs, in_folder("b"), ROTA_FS_KEEP,
		       ROTA_FS_KEEP, fs_form)),
		-ENOENT);
}

FS_TEST(times_are_set_by_path_by_link_and_by_descriptor)
{
	const int64_t accessed_ns = YEAR_2000_NS + 123456789;
	const int64_t modified_ns = YEAR_2000_NS + 7 * NS_PER_S;
	int fd;

	make_file("a", "abc");
	ck_ok(symlink("a", in_folder("link")));
	ck_ok(ENDED(rota_fs_utime(fs_loop(), &fs, in_folder("link"),
		accessed_ns, modified_ns, fs_form)));
	ck_assert_int_eq(lstat_of("a")->accessed_ns, accessed_ns);
	ck_assert_int_eq(lstat_of("a")->modified_ns, modified_ns);
	ck_assert_int_gt(lstat_of("link")->modified_ns, modified_ns);
	ck_ok(ENDED(rota_fs_lutime(fs_loop(), &fs, in_folder("link"),
		ROTA_FS_TIME_KEEP, modified_ns + NS_PER_S, fs_form)));
	ck_assert_int_eq(lstat_of("link")->modified_ns, modified_ns + NS_PER_S);
	ck_assert_int_eq(lstat_of("a")->modified_ns, modified_ns);
	fd = must_open("a", O_RDONLY);
	ck_ok(ENDED(rota_fs_futime(fs_loop(), &fs, fd, ROTA_FS_TIME_NOW,
		ROTA_FS_TIME_KEEP, fs_form)));
	ck_assert_int_gt(lstat_of("a")->accessed_ns, accessed_ns);
	ck_assert_int_eq(lstat_of("a")->modified_ns, modified_ns);
	ck_ok(close(fd));
	ck_err(ENDED(rota_fs_futime(fs_loop(), &fs, fd, 0, 0, fs_form)),
		-EBADF);
	ck_err(ENDED(rota_fs_utime(
		       fs_loop(), &fs, in_folder("b"), 0, 0, fs_form)),
		-ENOENT);
}

FS_TEST(times_before_1970_are_negative)
{
	make_file("a", "abc");
	ck_ok(ENDED(rota_fs_utime(
		fs_loop(), &fs, in_folder("a"), -1, -1500000000, fs_form)));
	ck_assert_int_eq(lstat_of("a")->accessed_ns, -1);
	ck_assert_int_eq(lstat_of("a")->modified_ns, -1500000000);
}

/* Attributes *********************************************************/

static int
set(const char *name, const char *value, enum rota_fs_xattr_how how)
{
	return ENDED(rota_fs_setxattr(fs_loop(), &fs, in_folder("a"), name,
		value, strlen(value), how, fs_form));
}

/* 1 if files have attributes here, of which "user.a" is set. */
static int
has_attributes(void)
{
	int r;

	make_file("a", "abc");
	r = set("user.a", "value", ROTA_FS_XATTR_ANY);
	if (r == 0)
		return 1;
	ck_err(r, -ENOTSUP);
	return 0;
}

FS_TEST(an_attribute_is_set_read_and_removed)
{
	char value[16] = "";

	if (!has_attributes())
		return;
	ck_assert_int_eq(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"),
				 "user.a", NULL, 0, fs_form)),
		5);
	ck_assert_int_eq(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"),
				 "user.a", value, sizeof(value), fs_form)),
		5);
	ck_assert_str_eq(value, "value");
	ck_err(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"), "user.a",
		       value, 2, fs_form)),
		-ERANGE);
	ck_ok(ENDED(rota_fs_removexattr(
		fs_loop(), &fs, in_folder("a"), "user.a", fs_form)));
	ck_err(ENDED(rota_fs_removexattr(
		       fs_loop(), &fs, in_folder("a"), "user.a", fs_form)),
		-ENODATA);
	ck_err(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"), "user.a",
		       value, sizeof(value), fs_form)),
		-ENODATA);
	ck_err(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("b"), "user.a",
		       value, sizeof(value), fs_form)),
		-ENOENT);
}

FS_TEST(an_attribute_is_made_or_replaced_as_told)
{
	if (!has_attributes())
		return;
	ck_err(set("user.a", "x", ROTA_FS_XATTR_CREATE), -EEXIST);
	ck_ok(set("user.b", "x", ROTA_FS_XATTR_CREATE));
	ck_ok(set("user.a", "y", ROTA_FS_XATTR_REPLACE));
	ck_err(set("user.c", "y", ROTA_FS_XATTR_REPLACE), -ENODATA);
	ck_ok(set("user.a", "", ROTA_FS_XATTR_ANY));
	ck_assert_int_eq(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"),
				 "user.a", NULL, 0, fs_form)),
		0);
}

FS_TEST(attributes_are_listed_by_name)
{
	char names[4096];
	int n;

	if (!has_attributes())
		return;
	ck_ok(set("user.longer", "x", ROTA_FS_XATTR_ANY));
	n = ENDED(rota_fs_listxattr(
		fs_loop(), &fs, in_folder("a"), NULL, 0, fs_form));
	ck_assert_int_ge(n, 19);
	n = ENDED(rota_fs_listxattr(
		fs_loop(), &fs, in_folder("a"), names, sizeof(names), fs_form));
	ck_assert_int_ge(n, 19);
	ck_assert_ptr_nonnull(memmem(names, (size_t)n, "user.a", 7));
	ck_assert_ptr_nonnull(memmem(names, (size_t)n, "user.longer", 12));
	ck_err(ENDED(rota_fs_listxattr(
		       fs_loop(), &fs, in_folder("a"), names, 3, fs_form)),
		-ERANGE);
}

FS_TEST(attributes_are_had_by_descriptor)
{
	char value[16] = "";
	char names[4096];
	int fd;

	if (!has_attributes())
		return;
	fd = must_open("a", O_RDWR);
	ck_ok(ENDED(rota_fs_fsetxattr(fs_loop(), &fs, fd, "user.d", "1", 1,
		ROTA_FS_XATTR_ANY, fs_form)));
	ck_assert_int_eq(ENDED(rota_fs_fgetxattr(fs_loop(), &fs, fd, "user.d",
				 value, sizeof(value), fs_form)),
		1);
	ck_assert_str_eq(value, "1");
	ck_assert_int_ge(ENDED(rota_fs_flistxattr(fs_loop(), &fs, fd, names,
				 sizeof(names), fs_form)),
		14);
	ck_ok(ENDED(
		rota_fs_fremovexattr(fs_loop(), &fs, fd, "user.d", fs_form)));
	ck_err(ENDED(rota_fs_fremovexattr(
		       fs_loop(), &fs, fd, "user.d", fs_form)),
		-ENODATA);
	ck_ok(close(fd));
	ck_err(ENDED(rota_fs_fremovexattr(
		       fs_loop(), &fs, fd, "user.d", fs_form)),
		-EBADF);
}

/* Linux keeps attributes of users off links: EPERM. */
FS_TEST(attributes_of_a_link_are_not_those_of_its_file)
{
	char value[16];
	int r;

	if (!has_attributes())
		return;
	ck_ok(symlink("a", in_folder("link")));
	r = ENDED(rota_fs_lsetxattr(fs_loop(), &fs, in_folder("link"), "user.a",
		"1", 1, ROTA_FS_XATTR_ANY, fs_form));
	if (r < 0)
		ck_err(r, -EPERM);
	r = ENDED(rota_fs_lgetxattr(fs_loop(), &fs, in_folder("link"), "user.a",
		value, sizeof(value), fs_form));
	if (r != 1)
		ck_assert_msg(r == -ENODATA || r == -EPERM, "lgetxattr: %d", r);
	r = ENDED(rota_fs_llistxattr(fs_loop(), &fs, in_folder("link"), value,
		sizeof(value), fs_form));
	ck_assert_msg(r >= 0 || r == -ERANGE, "llistxattr: %d", r);
	r = ENDED(rota_fs_lremovexattr(
		fs_loop(), &fs, in_folder("link"), "user.a", fs_form));
	if (r != 0)
		ck_assert_msg(
			r == -ENODATA || r == -EPERM, "lremovexattr: %d", r);
	ck_assert_int_eq(ENDED(rota_fs_getxattr(fs_loop(), &fs, in_folder("a"),
				 "user.a", value, sizeof(value), fs_form)),
		5);
}

static void
add_cases(Suite *suite)
{
	TCase *tc = harness_case(suite, "state");

	tcase_add_loop_test(tc, stat_says_what_the_kernel_says);
	tcase_add_loop_test(tc, stat_follows_a_link_and_lstat_does_not);
	tcase_add_loop_test(tc, a_file_is_born_when_it_is_made);
	tcase_add_loop_test(tc, a_request_that_failed_has_no_state_to_show);
	tcase_add_loop_test(tc, a_file_system_tells_its_room);
	tcase_add_loop_test(tc, access_asks_for_the_rights_of_the_user);

	tc = harness_case(suite, "changes");
	tcase_add_loop_test(tc, permissions_are_set_by_path_and_by_descriptor);
	tcase_add_loop_test(
		tc, permissions_of_a_link_are_its_own_or_not_to_be_had);
	tcase_add_loop_test(tc, an_owner_is_changed_of_the_file_or_of_the_link);
	tcase_add_loop_test(
		tc, times_are_set_by_path_by_link_and_by_descriptor);
	tcase_add_loop_test(tc, times_before_1970_are_negative);

	tc = harness_case(suite, "attributes");
	tcase_add_loop_test(tc, an_attribute_is_set_read_and_removed);
	tcase_add_loop_test(tc, an_attribute_is_made_or_replaced_as_told);
	tcase_add_loop_test(tc, attributes_are_listed_by_name);
	tcase_add_loop_test(tc, attributes_are_had_by_descriptor);
	tcase_add_loop_test(tc, attributes_of_a_link_are_not_those_of_its_file);
}

HARNESS_MAIN("fs_meta", add_cases)
