/* What the parts of the io suite share: a folder of their own, and whole files as bytes. */
#ifndef IO_TEST_H
#define IO_TEST_H

#include <check.h>
#include <stddef.h>
#include <wengert/tensor.h>

TCase *io_archive_tests(void);
TCase *io_hostile_tests(void);
TCase *io_checkpoint_tests(void);
TCase *io_data_tests(void);
TCase *io_batches_tests(void);
TCase *io_prefetch_tests(void);
TCase *io_idx_tests(void);
TCase *io_table_tests(void);

/* A path inside the suite's folder; one of 64 buffers, used in turn. */
const char *in_folder(const char *name);
/* Fails when a temporary was left behind. */
void assert_no_leftovers(void);

typedef struct bytes {
    unsigned char *at; /* to be freed */
    size_t n;
} bytes;
bytes slurp(const char *path);
void spit(const char *path, const void *at, size_t n);

/* The last failure: its status, and that its text holds `part` and begins with `file` where that is not NULL. */
void assert_failed(wg_status status, const char *file, const char *part);
/* Runs with at most `limit` bytes a file from now on, as on a full disk; test processes only. */
void limit_file_size(size_t limit);

#endif
