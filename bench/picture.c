/* SPDX-License-Identifier: MIT */
/*
 * Pictures, as SVG: a curve for each side, both axes logarithmic. Whiskers
 * reach from the least to the most of the rounds.
 */
#include <math.h>
#include <string.h>

#include "bench/output.h"

#include "bench/on.h"

struct picture {
	const char *name;
	const char *title;
	const char *x_title;
	const char *y_title;
	/* Which workloads are its points: x is their n. */
	void (*take)(struct sample *sample);
	unsigned active;
	unsigned size_bytes;
	const char *metric;
	/* Shows events per second instead of nanoseconds per event. */
	int is_rate;
};

static const struct picture pictures[] = {
	{ "pipes-1", "Time per event, 1 descriptor active", "descriptors",
		"nanoseconds per event", on_ring, 1, 0, "time", 0 },
	{ "pipes-100", "Time per event, 100 descriptors active", "descriptors",
		"nanoseconds per event", on_ring, 100, 0, "time", 0 },
	{ "pipes-1000", "Time per event, 1000 descriptors active",
		"descriptors", "nanoseconds per event", on_ring, 1000, 0,
		"time", 0 },
	{ "timers-arm", "Arming a timer", "timers", "nanoseconds per timer",
		on_timers, 0, 0, "arm", 0 },
	{ "timers-fire", "Firing a timer", "timers", "nanoseconds per timer",
		on_timers, 0, 0, "fire", 0 },
	{ "echo-16", "TCP echo, 16 bytes", "connections", "messages per second",
		on_echo, 0, 16, "time", 1 },
	{ "echo-4k", "TCP echo, 4 KiB", "connections", "messages per second",
		on_echo, 0, 4096, "time", 1 },
	{ "echo-64k", "TCP echo, 64 KiB", "connections", "messages per second",
		on_echo, 0, 65536, "time", 1 },
	{ "echo-16-cpu", "TCP echo, 16 bytes: the server's processor time",
		"connections", "nanoseconds per message", on_echo, 0, 16, "cpu",
		0 },
};

#define N_PICTURES (sizeof(pictures) / sizeof(*pictures))

/* Colours that those who see fewer of them can tell apart. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73",
	"#cc79a7", "#000000", "#e69f00", "#56b4e9", "#7f4fc9", "#999999" };

#define N_COLOURS (sizeof(colours) / sizeof(*colours))

/* The paper, in units of the picture. */
#define WIDTH 760
#define HEIGHT 420
#define LEFT 84
#define RIGHT 150
#define TOP 44
#define BOTTOM 56

/* The range of an axis, as logarithms to the base of 10. */
struct axis {
	double from;
	double to;
};

struct frame {
	struct axis x;
	struct axis y;
};

static double
x_of(const struct frame *frame, double value)
{
	double share =
		(log10(value) - frame->x.from) / (frame->x.to - frame->x.from);

	return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double
y_of(const struct frame *frame, double value)
{
	double share =
		(log10(value) - frame->y.from) / (frame->y.to - frame->y.from);

	return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

/* One point of a side: returns 0 if there is none. */
struct point {
	double x;
	double y;
	double least;
	double most;
};

static int
find_point(const struct plan *plan, const struct picture *picture, unsigned w,
	unsigned s, struct point *ret)
{
	const struct workload *workload = plan->workloads[w];
	const struct series *series;

	if (workload->take != picture->take ||
		workload->active != picture->active ||
		workload->size_bytes != picture->size_bytes)
		return 0;
	series = cell_find(plan_cell(plan, w, s), picture->metric);
	if (!series || series->least <= 0)
		return 0;
	ret->x = workload->n;
	ret->y = series->median;
	ret->least = series->least;
	ret->most = series->most;
	if (picture->is_rate) {
		ret->y = 1e9 / series->median;
		ret->least = 1e9 / series->most;
		ret->most = 1e9 / series->least;
	}
	return 1;
}

static void
widen(struct axis *axis, double value)
{
	double at = log10(value);

	if (at < axis->from)
		axis->from = at;
	if (at > axis->to)
		axis->to = at;
}

/* Returns how many values of x there are. */
static unsigned
find_frame(const struct plan *plan, const struct picture *picture,
	struct frame *ret)
{
	unsigned n = 0;

	ret->x = (struct axis){ 99, -99 };
	ret->y = (struct axis){ 99, -99 };
	for (unsigned w = 0; w < plan->n_workloads; w++) {
		struct point point;
		int is_there = 0;

		for (unsigned s = 0; s < plan->n_sides; s++) {
			if (!find_point(plan, picture, w, s, &point))
				continue;
			is_there = 1;
			widen(&ret->x, point.x);
			widen(&ret->y, point.least);
			widen(&ret->y, point.most);
		}
		n += is_there ? 1 : 0;
	}
	/* Some air around, and a range that can be read. */
	ret->x.from -= 0.1;
	ret->x.to += 0.1;
	ret->y.from -= 0.08;
	ret->y.to += 0.08;
	while (ret->y.to - ret->y.from < 0.7) {
		ret->y.from -= 0.05;
		ret->y.to += 0.05;
	}
	return n;
}

/* As "20", "3 k", "1 M". */
static void
print_value(FILE *file, double value)
{
	if (value >= 1e6)
		fprintf(file, "%.3g M", value / 1e6);
	else if (value >= 1e3)
		fprintf(file, "%.3g k", value / 1e3);
	else
		fprintf(file, "%.3g", value);
}

static void
draw_y_axis(FILE *file, const struct frame *frame)
{
	static const double steps[] = { 1, 2, 5 };
	int is_long = frame->y.to - frame->y.from > 2.5;

	for (int power = (int)floor(frame->y.from); power <= frame->y.to;
		power++)
		for (unsigned i = 0; i < (is_long ? 1 : 3); i++) {
			double value = steps[i] * pow(10, power);
			double y = y_of(frame, value);

			if (y < TOP || y > HEIGHT - BOTTOM)
				continue;
			fprintf(file,
				"<line x1='%d' x2='%d' y1='%.1f' y2='%.1f'"
				" stroke='#ddd'/>\n<text x='%d' y='%.1f'"
				" text-anchor='end'>",
				LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4);
			print_value(file, value);
			fputs("</text>\n", file);
		}
}

static void
draw_x_axis(FILE *file, const struct frame *frame)
{
	for (int power = (int)floor(frame->x.from); power <= frame->x.to;
		power++) {
		double value = pow(10, power);
		double x = x_of(frame, value);

		if (x < LEFT || x > WIDTH - RIGHT)
			continue;
		fprintf(file,
			"<line x1='%.1f' x2='%.1f' y1='%d' y2='%d'"
			" stroke='#eee'/>\n<text x='%.1f' y='%d'"
			" text-anchor='middle'>",
			x, x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 20);
		print_value(file, value);
		fputs("</text>\n", file);
	}
}

static void
draw_side(FILE *file, const struct plan *plan, const struct picture *picture,
	const struct frame *frame, unsigned s)
{
	const char *colour = colours[s % N_COLOURS];
	const char *dashes = plan->sides[s].subject->is_peer ? "5 4" : "none";
	struct point point;

	fprintf(file,
		"<polyline fill='none' stroke='%s' stroke-width='2'"
		" stroke-dasharray='%s' points='",
		colour, dashes);
	for (unsigned w = 0; w < plan->n_workloads; w++)
		if (find_point(plan, picture, w, s, &point))
			fprintf(file, "%.1f,%.1f ", x_of(frame, point.x),
				y_of(frame, point.y));
	fputs("'/>\n", file);
	for (unsigned w = 0; w < plan->n_workloads; w++) {
		double x;

		if (!find_point(plan, picture, w, s, &point))
			continue;
		x = x_of(frame, point.x);
		fprintf(file,
			"<line x1='%.1f' x2='%.1f' y1='%.1f' y2='%.1f'"
			" stroke='%s'/><circle cx='%.1f' cy='%.1f' r='3.5'"
			" fill='%s'/>\n",
			x, x, y_of(frame, point.least), y_of(frame, point.most),
			colour, x, y_of(frame, point.y), colour);
	}
}

static int
has_side(const struct plan *plan, const struct picture *picture, unsigned s)
{
	struct point point;

	for (unsigned w = 0; w < plan->n_workloads; w++)
		if (find_point(plan, picture, w, s, &point))
			return 1;
	return 0;
}

static void
draw_legend(FILE *file, const struct plan *plan, const struct picture *picture)
{
	int x = WIDTH - RIGHT + 14;
	int y = TOP + 10;

	for (unsigned s = 0; s < plan->n_sides; s++) {
		if (!has_side(plan, picture, s))
			continue;
		fprintf(file,
			"<line x1='%d' x2='%d' y1='%d' y2='%d' stroke='%s'"
			" stroke-width='2' stroke-dasharray='%s'/>"
			"<text x='%d' y='%d'>%s</text>\n",
			x, x + 26, y, y, colours[s % N_COLOURS],
			plan->sides[s].subject->is_peer ? "5 4" : "none",
			x + 33, y + 4, plan->sides[s].label);
		y += 21;
	}
}

static void
draw_titles(FILE *file, const struct picture *picture)
{
	int middle = (LEFT + WIDTH - RIGHT) / 2;
	int centre = (TOP + HEIGHT - BOTTOM) / 2;

	fprintf(file,
		"<text x='%d' y='24' font-size='15' font-weight='bold'>%s"
		"</text>\n"
		"<text x='%d' y='%d' text-anchor='middle'>%s</text>\n"
		"<text x='18' y='%d' text-anchor='middle'"
		" transform='rotate(-90 18 %d)'>%s</text>\n",
		LEFT, picture->title, middle, HEIGHT - 14, picture->x_title,
		centre, centre, picture->y_title);
}

int
draw_picture(FILE *file, const struct plan *plan, unsigned i)
{
	const struct picture *picture = &pictures[i];
	struct frame frame;

	/* A curve needs two points. */
	if (find_frame(plan, picture, &frame) < 2)
		return 0;
	fprintf(file,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d'"
		" width='%d' height='%d' font-family='sans-serif'"
		" font-size='12'>\n"
		"<rect width='100%%' height='100%%' fill='white'/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	draw_titles(file, picture);
	draw_y_axis(file, &frame);
	draw_x_axis(file, &frame);
	fprintf(file,
		"<rect x='%d' y='%d' width='%d' height='%d' fill='none'"
		" stroke='#888'/>\n",
		LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
	for (unsigned s = 0; s < plan->n_sides; s++)
		draw_side(file, plan, picture, &frame, s);
	draw_legend(file, plan, picture);
	fputs("</svg>\n", file);
	return 1;
}

const char *
picture_name(unsigned i)
{
	return i < N_PICTURES ? pictures[i].name : NULL;
}

void
write_pictures(const char *folder, const struct plan *plan)
{
	struct frame frame;
	char path[4096];

	for (unsigned i = 0; i < N_PICTURES; i++) {
		FILE *file;

		if (find_frame(plan, &pictures[i], &frame) < 2)
			continue;
		snprintf(path, sizeof(path), "%s/%s.svg", folder,
			pictures[i].name);
		file = open_to_write(path);
		(void)draw_picture(file, plan, i);
		close_written(file, path);
	}
}
