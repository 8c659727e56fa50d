/* Whole files: read, and replaced at once. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

FILE *tool_open_file(const char *path)
{
    struct stat facts;
    /* A pipe that nobody writes to would block for ever in a plain open. */
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file >= 0 && !fstat(file, &facts) && !S_ISREG(facts.st_mode)) {
        close(file);
        errno = S_ISDIR(facts.st_mode) ? EISDIR : ESPIPE;
        return NULL;
    }
    FILE *stream = file >= 0 ? fdopen(file, "rb") : NULL;
    if (file >= 0 && !stream)
        close(file);
    return stream;
}

/* A rename would put a plain file in the place of a link, or of a device. */
static bool is_replaceable(const char *path)
{
    struct stat facts;
    if (lstat(path, &facts) || S_ISREG(facts.st_mode))
        return true;
    tool_failed("%s: is no regular file, and cannot be replaced", path);
    return false;
}

bool tool_replace_file(const char *path, const char *text, size_t length)
{
    if (!is_replaceable(path))
        return false;
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
    FILE *file = tool_open_file(path);
    if (!file) {
        tool_failed("%s: %s", path, errno == ESPIPE ? "not a regular file" : strerror(errno));
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
