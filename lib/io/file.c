/* Reading files. */
#include "config.h"

#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

wg_status wg__file_open(wg__file *file, const char *path)
{
    struct stat facts;

    *file = (wg__file){ .descriptor = -1 };
    /* A pipe without a writer would block for ever in a plain open. */
    file->descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->descriptor < 0)
        return wg__fail_errno("open");
    if (fstat(file->descriptor, &facts)) {
        wg_status status = wg__fail_errno("fstat");
        wg__file_close(file);
        return status;
    }
    if (!S_ISREG(facts.st_mode)) {
        wg__file_close(file);
        return wg__fail(WG_ERR_IO, "not a regular file");
    }
    file->size = (uint64_t)facts.st_size;
    return WG_OK;
}

void wg__file_close(wg__file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    wg__free(file->allocator, file->memory, file->room, 1);
    *file = (wg__file){ .descriptor = -1 };
}

wg_status wg__file_read(const wg__file *file, uint64_t offset, void *to, size_t n)
{
    unsigned char *at = to;

    if (offset > file->size || n > file->size - offset)
        return wg__fail(WG_ERR_FORMAT, "the file is cut off: it ends after %llu bytes", (unsigned long long)file->size);
    if (file->memory && n) {
        memcpy(to, file->memory + offset, n);
        return WG_OK;
    }
    while (n) {
        size_t piece = n < (1u << 30) ? n : 1u << 30; /* some systems refuse more than 2 GiB at once */
        ssize_t got = pread(file->descriptor, at, piece, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return wg__fail_errno("read");
        if (got == 0)
            return wg__fail(WG_ERR_FORMAT, "the file was cut off while it was read");
        at += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return WG_OK;
}
