/* Replacing a file atomically: at every instant the old one or the new one is whole on disk. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

/* The part of a path that names its folder, with the slash; 0 when it has none. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* A rename would replace a symbolic link rather than the file that it stands for. */
static wg_status follow_link(wg__atomic_file *file, const char *path)
{
    struct stat facts;
    char resolved[PATH_MAX];

    if (!lstat(path, &facts) && S_ISLNK(facts.st_mode)) {
        if (!realpath(path, resolved))
            return wg__fail_errno("realpath");
        path = resolved;
    }
    file->path = wg__copy_text(file->allocator, path);
    return file->path ? WG_OK : WG_ERR_NOMEM;
}

/* The folder of a path, "." for one without; false when its name is too long. */
static bool folder_of(const char *path, char folder[PATH_MAX])
{
    size_t length = folder_length(path);

    if (length >= PATH_MAX)
        return false;
    memcpy(folder, path, length);
    memcpy(folder + length, length ? "" : ".", length ? 1 : 2);
    return true;
}

/* Makes a file that was not there before, and locks it: FOLDER/.wengert-PID-ATTEMPT.tmp. */
static wg_status make_temporary(wg__atomic_file *file, mode_t mode)
{
    enum { ATTEMPTS = 1000, SUFFIX = 64 };
    char name[PATH_MAX + SUFFIX];
    size_t folder = folder_length(file->path);

    if (folder >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return wg__fail_errno("open");
    }
    memcpy(name, file->path, folder);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        snprintf(name + folder, SUFFIX, ".wengert-%ld-%d.tmp", (long)getpid(), attempt);
        file->descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (file->descriptor >= 0 ? wg__file_lock(file->descriptor) : errno != EEXIST)
            break;
        if (file->descriptor >= 0)
            close(file->descriptor); /* another process took it for stale, and removes it */
        file->descriptor = -1;
    }
    if (file->descriptor < 0)
        return wg__fail_errno("open");
    file->temporary = wg__copy_text(file->allocator, name);
    if (!file->temporary) {
        unlink(name);
        return WG_ERR_NOMEM;
    }
    return WG_OK;
}

wg_status wg__atomic_begin(wg__atomic_file *file, const char *path, const wg__allocator *allocator)
{
    char folder[PATH_MAX];
    struct stat old;
    bool exists;
    wg_status status;

    *file = (wg__atomic_file){ .allocator = allocator, .descriptor = -1 };
    status = follow_link(file, path);
    if (status)
        return status;
    exists = !stat(file->path, &old);
    if (exists && !S_ISREG(old.st_mode))
        status = wg__fail(WG_ERR_IO, "not a regular file");
    if (!status && folder_of(file->path, folder))
        wg__remove_stale(folder);
    if (!status)
        status = make_temporary(file, 0666);
    /* The replacement keeps the permissions; where that is refused it has the usual ones. */
    if (!status && exists && fchmod(file->descriptor, old.st_mode & 0777))
        errno = 0;
    if (status)
        wg__atomic_abandon(file);
    return status;
}

wg_status wg__atomic_write(wg__atomic_file *file, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;

    while (n) {
        size_t piece = n < (1u << 30) ? n : 1u << 30;
        ssize_t put = write(file->descriptor, at, piece);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return wg__fail_errno("write");
        at += put;
        n -= (size_t)put;
        file->size += (uint64_t)put;
    }
    return WG_OK;
}

wg_status wg__atomic_patch(wg__atomic_file *file, uint64_t offset, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;

    while (n) {
        ssize_t put = pwrite(file->descriptor, at, n, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return wg__fail_errno("write");
        at += put;
        offset += (uint64_t)put;
        n -= (size_t)put;
    }
    return WG_OK;
}

/* A rename is durable only when the folder is. Some file systems cannot sync a folder, and need not: EINVAL. */
static wg_status sync_folder(const char *path)
{
    char folder[PATH_MAX];
    wg_status status = WG_OK;
    int descriptor;

    if (!folder_of(path, folder)) /* cannot be: the temporary's name was made from it */
        return WG_OK;
    descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return errno == EACCES ? WG_OK : wg__fail_errno("open (its folder)");
    if (fsync(descriptor) && errno != EINVAL)
        status = wg__fail_errno("fsync (its folder)");
    close(descriptor);
    return status;
}

static void free_names(wg__atomic_file *file)
{
    wg__free_text(file->allocator, file->path);
    wg__free_text(file->allocator, file->temporary);
    file->path = file->temporary = NULL;
}

wg_status wg__atomic_commit(wg__atomic_file *file)
{
    wg_status status = WG_OK;
    int descriptor = file->descriptor, held = dup(descriptor); /* the lock, until the file has its name */

    if (fsync(descriptor))
        status = wg__fail_errno("fsync");
    file->descriptor = -1;
    if (close(descriptor) && !status) /* network file systems tell only now that the disk is full */
        status = wg__fail_errno("close");
    if (!status && rename(file->temporary, file->path))
        status = wg__fail_errno("rename");
    if (held >= 0)
        close(held);
    if (status) {
        wg__atomic_abandon(file);
        return status;
    }
    status = sync_folder(file->path);
    free_names(file);
    return status;
}

void wg__atomic_abandon(wg__atomic_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
    if (file->temporary)
        unlink(file->temporary);
    free_names(file);
}
