/* SPDX-License-Identifier: MIT */
/*
 * A parser for HTTP/1 that needs no library: line by line, and strict, as
 * RFC 9112 allows a recipient to be. What it does not know for sure it
 * refuses, since two readers of one message who disagree are a danger.
 *
 *	start line -> fields -> (body of a known length)
 *	                        (chunk size -> chunk -> chunk end)... -> trailers
 *	                        (body until the connection ends)
 *	     ^                             |
 *	     +------------- end <----------+
 *
 * Each state has a function in the table `steps`; those that want a whole
 * line have one in `lines`.
 */
#include "examples/http_parse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One line, with its end. */
#define LINE_BYTES 4096

enum state {
	AT_START,
	AT_FIELDS,
	AT_CHUNK_SIZE,
	AT_CHUNK_END,
	AT_TRAILERS,
	AT_COUNTED_BODY,
	AT_ENDLESS_BODY,
	AT_END,
	AT_ERROR
};

struct http_parse {
	struct http_parse_message message;
	enum http_parse_what what;
	enum state state;
	enum http_parse_event error;
	/* What the fields have said. */
	int is_chunked;
	int says_close;
	int says_keep_alive;
	/* Of the body, or of the chunk. */
	uint64_t n_left;
	/* Of the head, of a chunk's line, or of the trailers. */
	size_t n_head;
	size_t n_line;
	char line[LINE_BYTES];
};

/* Characters. */

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int
is_token_char(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') ||
		(c >= 'A' && c <= 'Z') ||
		(c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Returns how many characters of a token the text begins with. */
static size_t
token_length(const char *text)
{
	size_t n = 0;

	while (is_token_char(text[n]))
		n++;
	return n;
}

static char *
skip_blanks(char *text)
{
	return text + strspn(text, " \t");
}

static void
cut_blanks(char *text)
{
	size_t n = strlen(text);

	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
}

/* Is `word` in a list as "close, TE"? */
static int
list_has(const char *list, const char *word)
{
	size_t size = strlen(word);

	while (*list != '\0') {
		list += strspn(list, " \t,");
		if (strncasecmp(list, word, size) == 0 &&
			(list[size] == '\0' || strchr(" \t,", list[size])))
			return 1;
		list += strcspn(list, ",");
	}
	return 0;
}

/* Returns 16 for what is no digit at all. */
static unsigned
digit_value(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Returns -1 for what is no number of 1 to 15 digits. */
static int
read_number(const char *text, size_t n, unsigned base, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (n == 0 || n > 15)
		return -1;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base)
			return -1;
		number = number * base + digit;
	}
	*ret_number = number;
	return 0;
}

/* The first line. */

/* "HTTP/1.1" */
static enum http_parse_event
read_version(struct http_parse *parse, const char *text)
{
	if (strncmp(text, "HTTP/", 5) != 0 || !is_digit(text[5]) ||
		text[6] != '.' || !is_digit(text[7]))
		return HTTP_PARSE_MALFORMED;
	if (text[5] != '1')
		return HTTP_PARSE_UNKNOWN_VERSION;
	parse->message.minor = text[7] - '0';
	return HTTP_PARSE_MORE;
}

/* "GET /path HTTP/1.1" */
static enum http_parse_event
read_request_line(struct http_parse *parse, char *line)
{
	struct http_parse_message *message = &parse->message;
	size_t n_method = token_length(line);
	char *target = line + n_method + 1;
	size_t n_target;

	if (n_method == 0 || n_method >= sizeof(message->method) ||
		line[n_method] != ' ')
		return HTTP_PARSE_MALFORMED;
	n_target = strcspn(target, " \t\x7f");
	if (n_target >= sizeof(message->target))
		return HTTP_PARSE_TARGET_TOO_LONG;
	if (n_target == 0 || target[n_target] != ' ' ||
		strlen(target + n_target + 1) != 8)
		return HTTP_PARSE_MALFORMED;
	memcpy(message->method, line, n_method);
	message->method[n_method] = '\0';
	memcpy(message->target, target, n_target);
	message->target[n_target] = '\0';
	return read_version(parse, target + n_target + 1);
}

/* "HTTP/1.1 200 OK", where the words may be missing. */
static enum http_parse_event
read_status_line(struct http_parse *parse, const char *line)
{
	uint64_t status;

	if (strlen(line) < 12 || line[8] != ' ' ||
		read_number(line + 9, 3, 10, &status) < 0 || status < 100 ||
		(line[12] != ' ' && line[12] != '\0'))
		return HTTP_PARSE_MALFORMED;
	parse->message.status = (int)status;
	return read_version(parse, line);
}

static enum http_parse_event
read_start(struct http_parse *parse, char *line)
{
	/* RFC 9112, 2.2: an empty line before a request is nothing. */
	if (parse->what == HTTP_PARSE_REQUESTS && line[0] == '\0') {
		parse->n_head = 0;
		return HTTP_PARSE_MORE;
	}
	parse->state = AT_FIELDS;
	return parse->what == HTTP_PARSE_REQUESTS ?
		read_request_line(parse, line) :
		read_status_line(parse, line);
}

/* Fields. */

static enum http_parse_event
take_host(struct http_parse *parse, const char *value)
{
	(void)value;
	parse->message.n_hosts++;
	return HTTP_PARSE_MORE;
}

static enum http_parse_event
take_expect(struct http_parse *parse, const char *value)
{
	(void)value;
	parse->message.has_expect = 1;
	return HTTP_PARSE_MORE;
}

static enum http_parse_event
take_connection(struct http_parse *parse, const char *value)
{
	parse->says_close |= list_has(value, "close");
	parse->says_keep_alive |= list_has(value, "keep-alive");
	return HTTP_PARSE_MORE;
}

static enum http_parse_event
take_length(struct http_parse *parse, const char *value)
{
	struct http_parse_message *message = &parse->message;

	if (message->length_bytes != UINT64_MAX ||
		read_number(value, strlen(value), 10, &message->length_bytes) <
			0)
		return HTTP_PARSE_MALFORMED;
	return HTTP_PARSE_MORE;
}

static enum http_parse_event
take_coding(struct http_parse *parse, const char *value)
{
	if (parse->is_chunked || strcasecmp(value, "chunked") != 0)
		return HTTP_PARSE_UNKNOWN_CODING;
	parse->is_chunked = 1;
	return HTTP_PARSE_MORE;
}

typedef enum http_parse_event take_fn(
	struct http_parse *parse, const char *value);

static const struct {
	const char *name;
	take_fn *take;
} known_fields[] = {
	{ "connection", take_connection },
	{ "content-length", take_length },
	{ "expect", take_expect },
	{ "host", take_host },
	{ "transfer-encoding", take_coding },
};

/* "Name: value". No folded lines, no blank before the colon. */
static enum http_parse_event
read_field(struct http_parse *parse, char *line)
{
	size_t n_name = token_length(line);
	char *value = line + n_name + 1;

	if (n_name == 0 || line[n_name] != ':')
		return HTTP_PARSE_MALFORMED;
	line[n_name] = '\0';
	value = skip_blanks(value);
	cut_blanks(value);
	if (parse->state == AT_TRAILERS)
		return HTTP_PARSE_MORE;
	for (size_t i = 0; i < sizeof(known_fields) / sizeof(known_fields[0]);
		i++)
		if (strcasecmp(line, known_fields[i].name) == 0)
			return known_fields[i].take(parse, value);
	return HTTP_PARSE_MORE;
}

/* Where its body begins. */
static enum state
state_of_body(const struct http_parse *parse)
{
	const struct http_parse_message *message = &parse->message;

	if (parse->what == HTTP_PARSE_RESPONSES_TO_HEAD ||
		(parse->what == HTTP_PARSE_RESPONSES &&
			(message->status < 200 || message->status == 204 ||
				message->status == 304)))
		return AT_END;
	if (parse->is_chunked)
		return AT_CHUNK_SIZE;
	if (message->length_bytes != UINT64_MAX)
		return message->length_bytes > 0 ? AT_COUNTED_BODY : AT_END;
	return parse->what == HTTP_PARSE_REQUESTS ? AT_END : AT_ENDLESS_BODY;
}

static enum http_parse_event
end_head(struct http_parse *parse)
{
	struct http_parse_message *message = &parse->message;

	if (parse->is_chunked &&
		(message->length_bytes != UINT64_MAX || message->minor == 0))
		return HTTP_PARSE_MALFORMED;
	parse->state = state_of_body(parse);
	parse->n_left = message->length_bytes;
	message->keeps_alive = !parse->says_close &&
		(message->minor > 0 || parse->says_keep_alive) &&
		parse->state != AT_ENDLESS_BODY;
	return HTTP_PARSE_HEAD;
}

static enum http_parse_event
read_fields(struct http_parse *parse, char *line)
{
	return line[0] == '\0' ? end_head(parse) : read_field(parse, line);
}

/* Chunks. */

/* "1f;name=value" */
static enum http_parse_event
read_chunk_size(struct http_parse *parse, char *line)
{
	size_t n = strcspn(line, "; \t");

	if (read_number(line, n, 16, &parse->n_left) < 0)
		return HTTP_PARSE_MALFORMED;
	line = skip_blanks(line + n);
	if (*line != '\0' && *line != ';')
		return HTTP_PARSE_MALFORMED;
	parse->n_head = 0;
	parse->state = parse->n_left > 0 ? AT_COUNTED_BODY : AT_TRAILERS;
	return HTTP_PARSE_MORE;
}

static enum http_parse_event
read_chunk_end(struct http_parse *parse, char *line)
{
	parse->n_head = 0;
	parse->state = AT_CHUNK_SIZE;
	return line[0] == '\0' ? HTTP_PARSE_MORE : HTTP_PARSE_MALFORMED;
}

static enum http_parse_event
read_trailers(struct http_parse *parse, char *line)
{
	if (line[0] != '\0')
		return read_field(parse, line);
	parse->state = AT_END;
	return HTTP_PARSE_MORE;
}

/* Lines. */

typedef enum http_parse_event line_fn(struct http_parse *parse, char *line);

static line_fn *const lines[] = {
	[AT_START] = read_start,
	[AT_FIELDS] = read_fields,
	[AT_CHUNK_SIZE] = read_chunk_size,
	[AT_CHUNK_END] = read_chunk_end,
	[AT_TRAILERS] = read_trailers,
};

static enum http_parse_event
refuse_long(const struct http_parse *parse)
{
	if (parse->what == HTTP_PARSE_REQUESTS && parse->state == AT_START)
		return HTTP_PARSE_TARGET_TOO_LONG;
	return HTTP_PARSE_HEAD_TOO_LONG;
}

/* Makes text of a line: its end cut off, and no control characters in it. */
static int
finish_line(struct http_parse *parse)
{
	size_t n = parse->n_line - 1;

	parse->n_line = 0;
	if (n == 0 || parse->line[--n] != '\r')
		return -1;
	parse->line[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)parse->line[i] < ' ' &&
			parse->line[i] != '\t')
			return -1;
	return 0;
}

static void
begin_message(struct http_parse *parse)
{
	struct http_parse_message *message = &parse->message;

	message->method[0] = '\0';
	message->n_hosts = 0;
	message->has_expect = 0;
	message->status = 0;
	message->length_bytes = UINT64_MAX;
	parse->is_chunked = 0;
	parse->says_close = 0;
	parse->says_keep_alive = 0;
}

static enum http_parse_event
step_line(struct http_parse *parse, const char **data, size_t *n)
{
	const char *end = memchr(*data, '\n', *n);
	size_t taken = end ? (size_t)(end - *data) + 1 : *n;

	if (parse->state == AT_START && parse->n_head == 0)
		begin_message(parse);
	if (taken > sizeof(parse->line) - parse->n_line ||
		taken > HTTP_PARSE_HEAD_BYTES - parse->n_head)
		return refuse_long(parse);
	memcpy(parse->line + parse->n_line, *data, taken);
	parse->n_line += taken;
	parse->n_head += taken;
	*data += taken;
	*n -= taken;
	if (end == NULL)
		return HTTP_PARSE_MORE;
	if (finish_line(parse) < 0)
		return HTTP_PARSE_MALFORMED;
	return lines[parse->state](parse, parse->line);
}

/* Bodies. */

static enum http_parse_event
give_body(struct http_parse *parse, const char **data, size_t *n, size_t size)
{
	parse->message.body = *data;
	parse->message.n_body = size;
	*data += size;
	*n -= size;
	return HTTP_PARSE_BODY;
}

static enum http_parse_event
step_counted_body(struct http_parse *parse, const char **data, size_t *n)
{
	size_t size = *n < parse->n_left ? *n : (size_t)parse->n_left;

	parse->n_left -= size;
	if (parse->n_left == 0)
		parse->state = parse->is_chunked ? AT_CHUNK_END : AT_END;
	return give_body(parse, data, n, size);
}

static enum http_parse_event
step_endless_body(struct http_parse *parse, const char **data, size_t *n)
{
	return give_body(parse, data, n, *n);
}

static enum http_parse_event
step_end(struct http_parse *parse, const char **data, size_t *n)
{
	(void)data;
	(void)n;
	parse->n_head = 0;
	parse->state = AT_START;
	return HTTP_PARSE_END;
}

static enum http_parse_event
step_error(struct http_parse *parse, const char **data, size_t *n)
{
	(void)data;
	(void)n;
	return parse->error;
}

typedef enum http_parse_event step_fn(
	struct http_parse *parse, const char **data, size_t *n);

static step_fn *const steps[] = {
	[AT_START] = step_line,
	[AT_FIELDS] = step_line,
	[AT_CHUNK_SIZE] = step_line,
	[AT_CHUNK_END] = step_line,
	[AT_TRAILERS] = step_line,
	[AT_COUNTED_BODY] = step_counted_body,
	[AT_ENDLESS_BODY] = step_endless_body,
	[AT_END] = step_end,
	[AT_ERROR] = step_error,
};

enum http_parse_event
http_parse_next(struct http_parse *parse, const char **data, size_t *n)
{
	enum http_parse_event event = HTTP_PARSE_MORE;

	/* The end of a message takes no bytes, an error none either. */
	while (event == HTTP_PARSE_MORE && (*n > 0 || parse->state >= AT_END))
		event = steps[parse->state](parse, data, n);
	if (event >= HTTP_PARSE_MALFORMED) {
		parse->error = event;
		parse->state = AT_ERROR;
	}
	return event;
}

enum http_parse_event
http_parse_finish(struct http_parse *parse)
{
	if (parse->state == AT_ENDLESS_BODY) {
		parse->state = AT_END;
		return HTTP_PARSE_END;
	}
	return http_parse_is_amid(parse) ? HTTP_PARSE_MALFORMED :
					   HTTP_PARSE_MORE;
}

int
http_parse_is_amid(const struct http_parse *parse)
{
	return parse->state != AT_START || parse->n_head > 0;
}

const struct http_parse_message *
http_parse_message(const struct http_parse *parse)
{
	return &parse->message;
}

void
http_parse_reset(struct http_parse *parse)
{
	parse->state = AT_START;
	parse->n_head = 0;
	parse->n_line = 0;
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
