/* Temporaries whose process died before it could rename or remove them.
 *
 * Whoever writes one holds a lock on it (flock), which the kernel drops when the process ends, however it ends. So a
 * temporary that can be locked has no writer: this needs neither process ids, which containers and hosts that share a
 * folder give out twice, nor clocks. Where a file system knows no locks, nothing is removed. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"

/* ".wengert-PID-ATTEMPT.tmp" and nothing else. */
static bool is_temporary(const char *name)
{
    static const char digits[] = "0123456789", start[] = ".wengert-";
    size_t pid, attempt;

    if (strncmp(name, start, sizeof start - 1) != 0)
        return false;
    name += sizeof start - 1;
    pid = strspn(name, digits);
    if (!pid || name[pid] != '-')
        return false;
    name += pid + 1;
    attempt = strspn(name, digits);
    return attempt && !strcmp(name + attempt, ".tmp");
}

bool wg__file_lock(int descriptor)
{
    struct stat facts;

    /* One that was taken for stale just before it was locked has lost its name. */
    return (!flock(descriptor, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK) && !fstat(descriptor, &facts) &&
           facts.st_nlink > 0;
}

/* Ours, a regular file, still of that name, and without a writer; then nobody else will take it from now on. */
static bool is_stale(int folder, const char *name, int descriptor)
{
    struct stat opened, named;

    return !fstat(descriptor, &opened) && S_ISREG(opened.st_mode) && opened.st_uid == geteuid() &&
           !flock(descriptor, LOCK_EX | LOCK_NB) && !fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) &&
           named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

void wg__remove_stale(const char *folder)
{
    DIR *list = opendir(folder);

    for (struct dirent *entry; list && (entry = readdir(list));) {
        int descriptor;

        if (!is_temporary(entry->d_name))
            continue;
        descriptor = openat(dirfd(list), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (descriptor < 0)
            continue;
        if (is_stale(dirfd(list), entry->d_name, descriptor))
            unlinkat(dirfd(list), entry->d_name, 0);
        close(descriptor);
    }
    if (list)
        closedir(list);
}
