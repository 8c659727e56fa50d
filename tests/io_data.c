/* Data files: the same rows from every kind, streamed or whole. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert/io.h>

#include "io/npy_header.h"
#include "io_test.h"

/* (6, 2, 2): element i is i. */
enum { ROWS = 6, ROW = 4 };
static int32_t table[ROWS * ROW];

static void fill_table(void)
{
    for (int i = 0; i < ROWS * ROW; i++)
        table[i] = i;
}

/* Every range of rows, from a data set that must hold the table. */
static void assert_table(wg_data *d)
{
    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert(wg_shape_equal(wg_data_shape(d), WG_SHAPE(ROWS, 2, 2)));
    ck_assert_int_eq(wg_data_dtype(d), WG_I32);
    for (int64_t first = 0; first <= ROWS; first++)
        for (int64_t n = 0; first + n <= ROWS; n++) {
            wg_view rows = wg_data_rows(d, first, n);
            ck_assert_msg(rows.data != NULL, "%s", wg_error());
            ck_assert(!rows.strided && rows.shape.dim[0] == n && rows.shape.rank == 3);
            ck_assert(!memcmp(rows.data, table + first * ROW, (size_t)n * ROW * sizeof *table));
        }
    ck_assert_ptr_null(wg_data_rows(d, 0, ROWS + 1).data);
    assert_failed(WG_ERR_RANGE, NULL, "there are 6");
    ck_assert_ptr_null(wg_data_rows(d, -1, 1).data);
    ck_assert_ptr_null(wg_data_rows(d, INT64_MAX, 1).data);
    wg_data_free(d);
}

static void assert_table_in(const char *spec)
{
    assert_table(wg_data_open(spec));
    assert_table(wg_data_open_with(spec, WG_OPTS(wg_data_opts, .memory = 1))); /* streamed where that can be */
}

START_TEST(test_npy_and_npz_give_the_same_rows)
{
    fill_table();
    wg_view whole = WG_VIEW(table, ROWS, 2, 2), views[] = {whole, WG_VIEW(table, 3)};
    const char *const names[] = {"x", "other"};
    char spec[600];

    ck_assert_int_eq(wg_npy_write(in_folder("t.npy"), whole), WG_OK);
    assert_table_in(in_folder("t.npy"));
    for (int level = -1; level <= 0; level++) {
        ck_assert_int_eq(wg_npz_write(in_folder("t.npz"), names, views, 2, level), WG_OK);
        snprintf(spec, sizeof spec, "%s:x", in_folder("t.npz"));
        assert_table_in(spec);
        ck_assert_int_eq(wg_npz_write(in_folder("t1.npz"), names, views, 1, level), WG_OK);
        assert_table_in(in_folder("t1.npz")); /* the only array needs no name */
    }
    ck_assert_int_eq(wg_npy_write(in_folder("a:b.npy"), whole), WG_OK);
    assert_table_in(in_folder("a:b.npy")); /* an existing file */
    assert_table(wg_data_view(whole));
}
END_TEST

START_TEST(test_strided_views_give_contiguous_rows)
{
    int32_t wide[ROWS * ROW * 2];

    fill_table();
    for (int i = 0; i < ROWS * ROW * 2; i++)
        wide[i] = i / 2;
    assert_table(wg_data_view(
        (wg_view){.data = wide, .shape = WG_SHAPE(ROWS, 2, 2), .stride = {8, 4, 2}, .dtype = WG_I32, .strided = true}));
}
END_TEST

/* An .npy file with a header of one's own. */
static void write_npy(const char *path, const char *header, const void *elements, size_t n)
{
    unsigned char text[1024] = "\x93NUMPY\x01";
    size_t length = strlen(header);

    text[8] = (unsigned char)length;
    memcpy(text + 10, header, length);
    memcpy(text + 10 + length, elements, n);
    spit(path, text, 10 + length + n);
}

START_TEST(test_foreign_byte_order_and_fortran_order_are_turned)
{
    unsigned char big[sizeof table];
    int32_t columns[ROWS * ROW];
    const char *path = in_folder("foreign.npy");

    fill_table();
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = ((const unsigned char *)table)[i / 4 * 4 + 3 - i % 4];
    write_npy(path, "{'descr': '>i4', 'fortran_order': False, 'shape': (6, 2, 2), }", big, sizeof big);
    assert_table_in(path);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 2; j++)
            for (int k = 0; k < 2; k++)
                columns[i + 6 * (j + 2 * k)] = table[(i * 2 + j) * 2 + k];
    write_npy(path, "{'descr': '<i4', 'fortran_order': True, 'shape': (6, 2, 2), }", columns, sizeof columns);
    assert_table_in(path);
}
END_TEST

static void refuse(const char *spec, wg_status status, const char *why)
{
    ck_assert_ptr_null(wg_data_open(spec));
    assert_failed(status, spec, why);
}

START_TEST(test_what_is_wrong_with_a_file_is_told)
{
    fill_table();
    wg_view two[] = {WG_VIEW(table, 6), WG_VIEW(table, 6)};
    char spec[600];

    refuse(in_folder("absent.npy"), WG_ERR_IO, "open: No such file");
    refuse(in_folder("absent.npz:x"), WG_ERR_IO, "open: No such file");
    spit(in_folder("empty"), "", 0);
    refuse(in_folder("empty"), WG_ERR_FORMAT, "the file is empty");
    spit(in_folder("binary"), "\1\2\3hello", 8);
    refuse(in_folder("binary"), WG_ERR_FORMAT, "is none of .npy, .npz, HDF5, IDX and a table");
    refuse(in_folder("."), WG_ERR_IO, "not a regular file");

    ck_assert_int_eq(wg_npz_write(in_folder("d.npz"), (const char *[]){"x", "y"}, two, 2, 0), WG_OK);
    snprintf(spec, sizeof spec, "%s:z", in_folder("d.npz"));
    refuse(spec, WG_ERR_ARG, "no array named 'z'; there are x, y");
    refuse(in_folder("d.npz"), WG_ERR_ARG, "which array? FILE:NAME");
    assert_failed(WG_ERR_ARG, NULL, "x, y");
    snprintf(spec, sizeof spec, "%s:", in_folder("d.npz"));
    refuse(spec, WG_ERR_ARG, "missing after the colon");

    ck_assert_int_eq(wg_npy_write(in_folder("d.npy"), two[0]), WG_OK);
    snprintf(spec, sizeof spec, "%s:x", in_folder("d.npy"));
    refuse(spec, WG_ERR_ARG, "no members");
    ck_assert_int_eq(wg_npy_write(in_folder("none.npy"), WG_VIEW(table, 0, 3)), WG_OK);
    refuse(in_folder("none.npy"), WG_ERR_FORMAT, "is empty: its shape is (0,3)");
    ck_assert_int_eq(wg_npy_write(in_folder("scalar.npy"), wg_view_of(table, WG_I32, WG_SCALAR)), WG_OK);
    refuse(in_folder("scalar.npy"), WG_ERR_FORMAT, "scalar");
    write_npy(in_folder("short.npy"), "{'descr': '<i4', 'fortran_order': False, 'shape': (7,), }", table, 24);
    refuse(in_folder("short.npy"), WG_ERR_FORMAT, "declares");
    write_npy(in_folder("half.npy"), "{'descr': '<f2', 'fortran_order': False, 'shape': (12,), }", table, 24);
    refuse(in_folder("half.npy"), WG_ERR_FORMAT, "'<f2' is none of");
    write_npy(in_folder("bool.npy"), "{'descr': '|b1', 'fortran_order': False, 'shape': (8,), }", table, 8);
    ck_assert_ptr_nonnull(strcpy(spec, in_folder("bool.npy")));
    wg_data_free(wg_data_open(spec));
    table[1] = 2;
    write_npy(spec, "{'descr': '|b1', 'fortran_order': False, 'shape': (8,), }", table, 8);
    refuse(spec, WG_ERR_FORMAT, "neither 0 nor 1");
}
END_TEST

START_TEST(test_every_cut_of_an_npy_file_is_an_error)
{
    fill_table();
    ck_assert_int_eq(wg_npy_write(in_folder("cut.npy"), WG_VIEW(table, ROWS, 2, 2)), WG_OK);
    bytes whole = slurp(in_folder("cut.npy"));
    for (size_t n = 0; n < whole.n; n++) {
        spit(in_folder("cut.npy"), whole.at, n);
        ck_assert_ptr_null(wg_data_open(in_folder("cut.npy")));
        ck_assert_int_eq(wg_error_status(), WG_ERR_FORMAT);
    }
    free(whole.at);
}
END_TEST

#ifdef HAVE_HDF5
#include <hdf5.h>

static void put_set(hid_t file, const char *name, hid_t file_type, hid_t memory_type, int rank, const hsize_t *size,
                    const void *data, bool chunked)
{
    hid_t space = H5Screate_simple(rank, size, NULL), how = H5Pcreate(H5P_DATASET_CREATE);

    if (chunked) {
        hsize_t chunk[] = {2, 2, 1};
        H5Pset_chunk(how, rank, chunk);
        H5Pset_deflate(how, 4);
    }
    hid_t set = H5Dcreate2(file, name, file_type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    ck_assert(set >= 0 && H5Dwrite(set, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Pclose(how);
    H5Sclose(space);
}

START_TEST(test_hdf5_gives_the_same_rows_in_the_nearest_type)
{
    const hsize_t size[] = {ROWS, 2, 2}, three[] = {3};
    const char *path = in_folder("t.h5");
    const struct {
        const char *name;
        hid_t type;
        wg_dtype dtype;
    } kinds[] = {{"u8", H5T_STD_U8LE, WG_U8},    {"i8", H5T_STD_I8LE, WG_I32},   {"u16", H5T_STD_U16BE, WG_I32},
                 {"u32", H5T_STD_U32LE, WG_I64}, {"i64", H5T_STD_I64BE, WG_I64}, {"f32", H5T_IEEE_F32BE, WG_F32},
                 {"f64", H5T_IEEE_F64LE, WG_F64}};
    char spec[600];
    int8_t flag[] = {1, 0, 1}, no = 0, yes = 1;

    fill_table();
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group = H5Gcreate2(file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t boolean = H5Tenum_create(H5T_NATIVE_INT8), text = H5Tcopy(H5T_C_S1);
    H5Tenum_insert(boolean, "FALSE", &no);
    H5Tenum_insert(boolean, "TRUE", &yes);
    put_set(file, "x", H5T_STD_I32BE, H5T_NATIVE_INT32, 3, size, table, false);
    put_set(group, "packed", H5T_STD_I32LE, H5T_NATIVE_INT32, 3, size, table, true);
    put_set(file, "bool", boolean, boolean, 1, three, flag, false);
    put_set(file, "text", text, text, 1, three, flag, false);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        put_set(file, kinds[k].name, kinds[k].type, H5T_NATIVE_INT32, 3, size, table, false);
    H5Tclose(boolean), H5Tclose(text), H5Gclose(group), H5Fclose(file);

    snprintf(spec, sizeof spec, "%s:x", path);
    assert_table_in(spec);
    snprintf(spec, sizeof spec, "%s:g/packed", path);
    assert_table_in(spec);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        snprintf(spec, sizeof spec, "%s:%s", path, kinds[k].name);
        wg_data *d = wg_data_open(spec);
        ck_assert_msg(d != NULL, "%s", wg_error());
        ck_assert_int_eq(wg_data_dtype(d), kinds[k].dtype);
        for (int i = 0; i < ROWS * ROW; i++)
            ck_assert(wg_view_at(wg_data_rows(d, 0, ROWS), i) == i);
        wg_data_free(d);
    }
    snprintf(spec, sizeof spec, "%s:bool", path);
    wg_data *d = wg_data_open(spec);
    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert(wg_data_dtype(d) == WG_BOOL && !memcmp(wg_data_rows(d, 0, 3).data, flag, 3));
    wg_data_free(d);
    snprintf(spec, sizeof spec, "%s:text", path);
    refuse(spec, WG_ERR_FORMAT, "neither integers");
    snprintf(spec, sizeof spec, "%s:absent", path);
    refuse(spec, WG_ERR_ARG, "there are bool, f32, f64, g/packed");
    snprintf(spec, sizeof spec, "%s:g", path);
    refuse(spec, WG_ERR_ARG, "no data set named 'g'");
    refuse(path, WG_ERR_ARG, "which data set?");
    bytes b = slurp(path);
    spit(in_folder("cut.h5"), b.at, b.n / 2);
    refuse(in_folder("cut.h5"), WG_ERR_FORMAT, "libhdf5");
    free(b.at);
}
END_TEST
#endif

TCase *io_data_tests(void)
{
    TCase *t = tcase_create("data");

    tcase_add_test(t, test_npy_and_npz_give_the_same_rows);
    tcase_add_test(t, test_strided_views_give_contiguous_rows);
    tcase_add_test(t, test_foreign_byte_order_and_fortran_order_are_turned);
    tcase_add_test(t, test_what_is_wrong_with_a_file_is_told);
    tcase_add_test(t, test_every_cut_of_an_npy_file_is_an_error);
#ifdef HAVE_HDF5
    tcase_add_test(t, test_hdf5_gives_the_same_rows_in_the_nearest_type);
#endif
    return t;
}
