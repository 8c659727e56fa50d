/* What every verb shares: exit codes, messages, memory. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include <jansson.h>
#include <wengert.h>

enum { DONE = 0, FAILED = 1, MISUSED = 2 }; /* exit codes: done; it failed, or a check did; the command line is wrong */

typedef struct texts {
    const char **at;
    size_t n;
} texts;

/* `--quiet` and `--json`, for the functions below. */
void tool_set(bool quiet, bool json);
bool tool_quiet(void);
bool tool_json(void);

/* Prints "wengert: text" on stderr and returns the exit code. */
int tool_failed(const char *format, ...) WG_PRINTF(1, 2);
int tool_misused(const char *format, ...) WG_PRINTF(1, 2);
/* From now on what tool_misused says is said of a file that keeps options, and its code is FAILED. NULL ends that. */
void tool_blame(const char *file);
/* Prints "wengert: warning: text" on stderr, unless quiet. */
void tool_warn(const char *format, ...) WG_PRINTF(1, 2);

/* A result: on stdout, or with --json on stderr, for there stdout holds one object and nothing else. */
void tool_say(const char *format, ...) WG_PRINTF(1, 2);
/* What a user likes to see on the way: on stderr, unless quiet. */
void tool_note(const char *format, ...) WG_PRINTF(1, 2);

/* With --json: prints the object, the only one. Takes it over in any case. */
void tool_object(json_t *object);
/* Last of all: with --json and no object printed so far, one with the error; then flushes stdout. Returns `code`, or
 * FAILED when stdout could not be written. */
int tool_end(int code);

/* A number, null where JSON has none. */
json_t *tool_number(double);
/* A text; bytes that are no UTF-8 become question marks. */
json_t *tool_text(const char *);
/* A shape as in graph files: [3, "N"]. */
json_t *tool_shape(wg_shape);

/* Memory for n items, cleared. The command ends where there is none left. Freed with free. */
void *tool_alloc(size_t n, size_t size);
char *tool_copy(const char *text);
/* printf into new memory. */
char *tool_print(const char *format, ...) WG_PRINTF(1, 2);

/* Puts a text in the place of a file, which is whole at every instant. False, and the message printed, when it fails. */
bool tool_replace_file(const char *path, const char *text, size_t length);
/* A regular file, to be read; NULL: errno tells, ESPIPE for a pipe or device. */
FILE *tool_open_file(const char *path);
/* A whole file as text, with a NUL behind it; NULL, and the message printed. */
char *tool_read_file(const char *path, size_t *length);

/* "1,234,567": the text stands in one of a few static places, good for one printf. */
const char *tool_grouped(int64_t);

#endif
