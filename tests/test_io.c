/* The io room: archives, checkpoints, data files, batches. The tests are in io_*.c. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io_test.h"
#include "suite.h"

static char folder[256];

const char *in_folder(const char *name)
{
    static char path[64][512];
    static int turn;

    turn = (turn + 1) % 64;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

void assert_no_leftovers(void)
{
    DIR *d = opendir(folder);

    ck_assert_ptr_nonnull(d);
    for (struct dirent *e; (e = readdir(d));)
        ck_assert_msg(strncmp(e->d_name, ".wengert-", 9) != 0, "%s was left behind", e->d_name);
    closedir(d);
}

bytes slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    bytes b = {NULL, 0};

    ck_assert_msg(f != NULL, "%s cannot be opened", path);
    fseek(f, 0, SEEK_END);
    b.n = (size_t)ftell(f);
    rewind(f);
    b.at = malloc(b.n + 1);
    ck_assert_uint_eq(fread(b.at, 1, b.n, f), b.n);
    fclose(f);
    return b;
}

void spit(const char *path, const void *at, size_t n)
{
    FILE *f = fopen(path, "wb");

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(at, 1, n, f), n);
    ck_assert_int_eq(fclose(f), 0);
}

void assert_failed(wg_status status, const char *file, const char *part)
{
    ck_assert_msg(wg_error_status() == status, "status %d, not %d: %s", wg_error_status(), status, wg_error());
    ck_assert_msg(strstr(wg_error(), part) != NULL, "'%s' is not in: %s", part, wg_error());
    if (file)
        ck_assert_msg(strncmp(wg_error(), file, strlen(file)) == 0, "does not begin with the file: %s", wg_error());
    ck_assert_msg(strchr(wg_error(), '\n') == NULL, "more than one line: %s", wg_error());
}

void limit_file_size(size_t limit)
{
    struct rlimit r;

    getrlimit(RLIMIT_FSIZE, &r);
    r.rlim_cur = limit ? (rlim_t)limit : r.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void remove_folder(void)
{
    DIR *d = opendir(folder);

    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            unlink(in_folder(e->d_name));
    closedir(d);
    rmdir(folder);
}

int main(void)
{
    Suite *suite = suite_create("io");
    const char *where = getenv("TMPDIR");
    int failed;

    snprintf(folder, sizeof folder, "%s/wengert-io-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return EXIT_FAILURE;
    }
    suite_add_tcase(suite, io_archive_tests());
    suite_add_tcase(suite, io_hostile_tests());
    suite_add_tcase(suite, io_checkpoint_tests());
    suite_add_tcase(suite, io_data_tests());
    suite_add_tcase(suite, io_idx_tests());
    suite_add_tcase(suite, io_table_tests());
    suite_add_tcase(suite, io_batches_tests());
    suite_add_tcase(suite, io_prefetch_tests());
    failed = run_suite(suite);
    remove_folder();
    return failed;
}
