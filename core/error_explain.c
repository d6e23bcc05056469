/* SPDX-License-Identifier: MIT */
/* How a request ended, in words. */
#include <errno.h>
#include <stdio.h>

#include "rota/error.h"
#include "rota/request.h"

int
rota_error_explain(
	const struct rota_request *request, char *text, size_t size_bytes)
{
	const struct rota_request_type *type;
	char object[1024] = "";

	if (request == NULL || request->type == NULL || text == NULL ||
		size_bytes == 0)
		return -EINVAL;
	*text = '\0';
	if (request->status >= 0)
		return 0;
	type = request->type;
	if (type->explain != NULL)
		type->explain(request, object, sizeof(object));
	(void)snprintf(text, size_bytes, "%s%s%s: %s", type->name,
		*object != '\0' ? " " : "", object,
		rota_error_text(request->status));
	return 0;
}
