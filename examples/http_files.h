/* SPDX-License-Identifier: MIT */
/* The files that http_server serves. No part of rota. */
#ifndef ROTA_EXAMPLES_HTTP_FILES_H
#define ROTA_EXAMPLES_HTTP_FILES_H

#include <stdint.h>

/*
 * Makes a path of a request's target, "/a%20b?c" or "http://host/a%20b?c":
 * "/a b". Returns -1 for other targets; `path` has room for the target.
 */
int http_files_path(const char *target, char *path);

/*
 * Opens the regular file at that path below a folder. The path is cut up.
 * Returns a descriptor, or an HTTP status below 0; -404 if folder_fd is -1.
 */
int http_files_open(int folder_fd, char *path, uint64_t *ret_size);

/* Returns what to call its content. */
const char *http_files_type(const char *path);

#endif
