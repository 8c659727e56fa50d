/* Whole files: read, and replaced at once. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool write_all(int file, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(file, text, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

bool tool_replace_file(const char *path, const char *text, size_t length)
{
    char *beside = tool_print("%s.%ld.tmp", path, (long)getpid());
    int file = open(beside, O_WRONLY | O_CREAT | O_EXCL, 0666);
    bool done = file >= 0 && write_all(file, text, length);
    int error = errno;
    if (file >= 0 && close(file) && done) {
        done = false;
        error = errno;
    }
    if (done && rename(beside, path)) {
        done = false;
        error = errno;
    }
    if (!done) {
        if (file >= 0)
            unlink(beside);
        tool_failed("%s: cannot be written: %s", path, strerror(error));
    }
    free(beside);
    return done;
}

char *tool_read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        tool_failed("%s: %s", path, strerror(errno));
        return NULL;
    }
    size_t room = 1 << 16, n = 0;
    char *text = tool_alloc(room, 1);
    for (size_t more; (more = fread(text + n, 1, room - n - 1, file)) > 0;) {
        n += more;
        if (room - n > 1)
            continue;
        char *bigger = realloc(text, room *= 2);
        if (!bigger)
            exit(tool_end(tool_failed("%s: out of memory", path)));
        text = bigger;
    }
    bool failed = ferror(file);
    int error = errno;
    fclose(file);
    if (failed) {
        tool_failed("%s: %s", path, strerror(error));
        free(text);
        return NULL;
    }
    text[n] = '\0';
    *length = n;
    return text;
}
