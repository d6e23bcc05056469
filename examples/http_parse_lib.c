/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1 by the library http_parser 2. That one calls us back while it
 * parses; here it is paused in each callback that is worth an event, so that
 * http_parse_next() can return with it.
 *
 * The library leaves limits to its user. It also takes a few things that
 * http_parse_own.c refuses, as lines that end in a bare line feed.
 */
#include "examples/http_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <http_parser.h>

struct http_parse {
	http_parser parser;
	struct http_parse_message message;
	enum http_parse_what what;
	/* What the callback that paused the parser has to tell. */
	enum http_parse_event event;
	int is_amid;
	int is_in_head;
	size_t n_head;
	size_t n_target;
	/* The begin of a field's name, enough to know those that matter. */
	char name[32];
	size_t n_name;
	int is_in_value;
};

static int
tell(http_parser *parser, enum http_parse_event event)
{
	struct http_parse *parse = parser->data;

	parse->event = event;
	http_parser_pause(parser, 1);
	return 0;
}

static int
on_begin(http_parser *parser)
{
	struct http_parse *parse = parser->data;
	struct http_parse_message *message = &parse->message;

	message->n_hosts = 0;
	message->has_expect = 0;
	message->status = 0;
	message->length_bytes = UINT64_MAX;
	parse->is_amid = 1;
	parse->is_in_head = 1;
	parse->n_target = 0;
	parse->n_name = 0;
	parse->is_in_value = 0;
	return 0;
}

static int
on_url(http_parser *parser, const char *text, size_t n)
{
	struct http_parse *parse = parser->data;

	if (n >= sizeof(parse->message.target) - parse->n_target) {
		parse->event = HTTP_PARSE_TARGET_TOO_LONG;
		return -1;
	}
	memcpy(parse->message.target + parse->n_target, text, n);
	parse->n_target += n;
	parse->message.target[parse->n_target] = '\0';
	return 0;
}

/* A name comes in pieces, then its value does. */
static int
on_field(http_parser *parser, const char *text, size_t n)
{
	struct http_parse *parse = parser->data;

	/* As the library is mostly built, it does not mind blanks there. */
	if (memchr(text, ' ', n))
		return -1;
	if (parse->is_in_value)
		parse->n_name = 0;
	parse->is_in_value = 0;
	if (n > sizeof(parse->name) - parse->n_name)
		n = sizeof(parse->name) - parse->n_name;
	memcpy(parse->name + parse->n_name, text, n);
	parse->n_name += n;
	return 0;
}

static int
is_name(const struct http_parse *parse, const char *name)
{
	return parse->n_name == strlen(name) &&
		strncasecmp(parse->name, name, parse->n_name) == 0;
}

/* An empty value comes too, as one piece of no bytes. */
static int
on_value(http_parser *parser, const char *text, size_t n)
{
	struct http_parse *parse = parser->data;

	(void)text;
	(void)n;
	if (parse->is_in_value || !parse->is_in_head)
		return 0;
	parse->is_in_value = 1;
	if (is_name(parse, "host"))
		parse->message.n_hosts++;
	else if (is_name(parse, "expect"))
		parse->message.has_expect = 1;
	return 0;
}

/* Returns 1 where no body follows, whatever the head says. */
static int
on_head(http_parser *parser)
{
	struct http_parse *parse = parser->data;
	struct http_parse_message *message = &parse->message;
	const char *method = parse->what == HTTP_PARSE_REQUESTS ?
		http_method_str((enum http_method)parser->method) :
		"";

	parse->is_in_head = 0;
	if (parser->http_major != 1) {
		parse->event = parser->http_major ? HTTP_PARSE_UNKNOWN_VERSION :
						    HTTP_PARSE_MALFORMED;
		return -1;
	}
	/* Its longest is "MKCALENDAR". */
	memcpy(message->method, method, strlen(method) + 1);
	message->status = parser->status_code;
	message->minor = parser->http_minor;
	message->keeps_alive = http_should_keep_alive(parser);
	/* It says 2^64 - 1 for what it does not know, as we do. */
	message->length_bytes = parser->content_length;
	(void)tell(parser, HTTP_PARSE_HEAD);
	return parse->what == HTTP_PARSE_RESPONSES_TO_HEAD;
}

static int
on_body(http_parser *parser, const char *data, size_t n)
{
	struct http_parse *parse = parser->data;

	parse->message.body = data;
	parse->message.n_body = n;
	return tell(parser, HTTP_PARSE_BODY);
}

static int
on_end(http_parser *parser)
{
	struct http_parse *parse = parser->data;

	parse->is_amid = 0;
	parse->n_head = 0;
	return tell(parser, HTTP_PARSE_END);
}

static const http_parser_settings settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_header_field = on_field,
	.on_header_value = on_value,
	.on_headers_complete = on_head,
	.on_body = on_body,
	.on_message_complete = on_end,
};

/* What an error of the library is for us, unless a callback has said so. */
static enum http_parse_event
error_of(const struct http_parse *parse)
{
	if (parse->event != HTTP_PARSE_MORE)
		return parse->event;
	switch (HTTP_PARSER_ERRNO(&parse->parser)) {
	case HPE_HEADER_OVERFLOW:
		return HTTP_PARSE_HEAD_TOO_LONG;
	case HPE_INVALID_TRANSFER_ENCODING:
		return HTTP_PARSE_UNKNOWN_CODING;
	default:
		return HTTP_PARSE_MALFORMED;
	}
}

/* As long as the head is not complete, no more than it may have. */
static size_t
portion(const struct http_parse *parse, size_t n)
{
	size_t room = HTTP_PARSE_HEAD_BYTES - parse->n_head;

	return !parse->is_amid || parse->is_in_head ? (n < room ? n : room) : n;
}

static enum http_parse_event
next_event(struct http_parse *parse, const char *data, size_t n, size_t *taken)
{
	http_parser *parser = &parse->parser;

	if (HTTP_PARSER_ERRNO(parser) == HPE_PAUSED)
		http_parser_pause(parser, 0);
	else if (HTTP_PARSER_ERRNO(parser) != HPE_OK)
		return error_of(parse);
	parse->event = HTTP_PARSE_MORE;
	*taken = http_parser_execute(parser, &settings, data, n);
	if (HTTP_PARSER_ERRNO(parser) == HPE_PAUSED)
		return parse->event;
	return HTTP_PARSER_ERRNO(parser) == HPE_OK ? HTTP_PARSE_MORE :
						     error_of(parse);
}

enum http_parse_event
http_parse_next(struct http_parse *parse, const char **data, size_t *n)
{
	enum http_parse_event event = HTTP_PARSE_MORE;

	/* Known only at the end of a head, which may not come. */
	if (!parse->is_amid)
		parse->message.method[0] = '\0';
	while (event == HTTP_PARSE_MORE && *n > 0) {
		size_t size = portion(parse, *n);
		size_t taken = 0;

		if (size == 0)
			return HTTP_PARSE_HEAD_TOO_LONG;
		event = next_event(parse, *data, size, &taken);
		*data += taken;
		*n -= taken;
		if (event == HTTP_PARSE_MORE && parse->is_in_head)
			parse->n_head += taken;
	}
	return event;
}

/* To the library, no bytes at all say that it is over. */
enum http_parse_event
http_parse_finish(struct http_parse *parse)
{
	size_t taken = 0;
	enum http_parse_event event = next_event(parse, "", 0, &taken);

	if (event == HTTP_PARSE_MORE && parse->is_amid)
		event = HTTP_PARSE_MALFORMED;
	return event;
}

int
http_parse_is_amid(const struct http_parse *parse)
{
	return parse->is_amid;
}

const struct http_parse_message *
http_parse_message(const struct http_parse *parse)
{
	return &parse->message;
}

void
http_parse_reset(struct http_parse *parse)
{
	http_parser_init(&parse->parser,
		parse->what == HTTP_PARSE_REQUESTS ? HTTP_REQUEST :
						     HTTP_RESPONSE);
	parse->parser.data = parse;
	parse->event = HTTP_PARSE_MORE;
	parse->is_amid = 0;
	parse->is_in_head = 0;
	parse->n_head = 0;
}

struct http_parse *
http_parse_create(enum http_parse_what what)
{
	struct http_parse *parse = malloc(sizeof(*parse));

	if (!parse)
		return NULL;
	parse->what = what;
	http_parse_reset(parse);
	return parse;
}

void
http_parse_destroy(struct http_parse *parse)
{
	free(parse);
}
