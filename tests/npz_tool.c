/* For tests/numpy_interop.sh: writes archives that NumPy must open, and tells what it reads from NumPy's.
 *
 *     npz_tool write FOLDER LEVEL     FOLDER/all.npz, FOLDER/one.npy, FOLDER/checkpoint.npz
 *     npz_tool read SPEC..            a line each: type, shape, and sum of (index + 1) * element */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert.h>

static int fail(void)
{
    fprintf(stderr, "npz_tool: %s\n", wg_error());
    return EXIT_FAILURE;
}

enum { N = 300000 }; /* of f32: more than one block is deflated */

static int write_files(const char *folder, int level)
{
    static float f[N];
    double d[] = {0.5, -1e300, 3};
    int32_t i[] = {-1, 2147483647};
    int64_t l[] = {INT64_MIN, 7};
    uint8_t u[] = {0, 255, 7, 8, 9, 10};
    bool b[] = {true, false};
    static const char *const names[] = {"f", "d", "i", "l", "u", "b", "scalar", "none", "a/b"};
    wg_view views[] = {WG_VIEW(f, 3, N / 3),
                       WG_VIEW(d, 3),
                       WG_VIEW(i, 2),
                       WG_VIEW(l, 2),
                       WG_VIEW(u, 1, 2, 3),
                       WG_VIEW(b, 2),
                       wg_view_of(d, WG_F64, WG_SCALAR),
                       WG_VIEW(d, 0, 3),
                       WG_VIEW(i, 1)};
    char path[3][512];
    wg_graph *g = wg_graph_new();
    wg_status status;

    for (int k = 0; k < N; k++)
        f[k] = (float)k;
    snprintf(path[0], sizeof path[0], "%s/all.npz", folder);
    snprintf(path[1], sizeof path[1], "%s/one.npy", folder);
    snprintf(path[2], sizeof path[2], "%s/checkpoint.npz", folder);
    wg_param(g, "layer/w", WG_F64, WG_SHAPE(2, 3), wg_init_constant(2.5));
    status = wg_npz_write(path[0], names, views, sizeof names / sizeof *names, level);
    if (!status)
        status = wg_npy_write(path[1], views[4]);
    if (!status)
        status = wg_save(wg_graph_store(g), path[2], WG_OPTS(wg_save_opts, .level = level));
    wg_graph_free(g);
    return status ? fail() : EXIT_SUCCESS;
}

static int read_one(const char *spec)
{
    wg_data *data = wg_data_open(spec);
    wg_shape shape = wg_data_shape(data);
    wg_view all = wg_data_rows(data, 0, shape.dim[0]);
    int64_t n = wg_shape_count(shape);
    double sum = 0;
    char text[128];

    if (!all.data)
        return fail();
    for (int64_t k = 0; k < n; k++)
        sum += (double)(k + 1) * wg_view_at(all, k);
    printf("%s %s %.17g\n", wg_dtype_name(wg_data_dtype(data)), wg_shape_text(shape, text, sizeof text), sum);
    wg_data_free(data);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "write"))
        return write_files(argv[2], atoi(argv[3]));
    if (argc < 3 || strcmp(argv[1], "read"))
        return 2;
    for (int k = 2; k < argc; k++)
        if (read_one(argv[k]))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
