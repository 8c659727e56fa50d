/* Tables as text: what is read of them, by any choice of columns, streamed or whole; and what is wrong with them. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wengert/io.h>

#include "base/alloc.h"
#include "io_test.h"

static const char *spec_of(const char *member)
{
    static char spec[600];

    snprintf(spec, sizeof spec, "%s%s%s", in_folder("t.csv"), member ? ":" : "", member ? member : "");
    return spec;
}

static void write_table(const char *text) { spit(in_folder("t.csv"), text, strlen(text)); }

/* "1 2 | 3 4": all rows of a data set, read one by one or at once. */
static const char *rows_text(wg_data *d, bool one_by_one)
{
    static char text[4096];
    size_t used = 0;
    int64_t n = wg_data_shape(d).dim[0], step = one_by_one ? 1 : n, width = wg_shape_count(wg_data_shape(d)) / n;

    *text = '\0';
    for (int64_t first = 0; first < n; first += step) {
        wg_view rows = wg_data_rows(d, first, step);
        ck_assert_msg(rows.data != NULL, "%s", wg_error());
        for (int64_t i = 0; i < step * width; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%.17g",
                                     first + i == 0   ? ""
                                     : i % width == 0 ? " | "
                                                      : " ",
                                     wg_view_at(rows, i));
    }
    return text;
}

static const char *names_text(const wg_data *d, const char *(*name)(const wg_data *, size_t))
{
    static char text[2][1024];
    static int turn;
    size_t used = 0;
    char *to = text[turn = !turn];

    *to = '\0';
    for (size_t i = 0; name(d, i); i++)
        used += (size_t)snprintf(to + used, sizeof text[0] - used, "%s%s", i ? "," : "", name(d, i));
    return to;
}

/* The table in the file, by that member: its rows, whole and streamed; its type stays in *dtype. */
static void expect(const char *member, wg_dtype dtype, const char *columns, const char *classes, const char *rows)
{
    for (size_t memory = 0; memory < 2; memory++) {
        wg_data *d = wg_data_open_with(spec_of(member), WG_OPTS(wg_data_opts, .memory = memory));
        ck_assert_msg(d != NULL, "%s", wg_error());
        ck_assert_str_eq(names_text(d, wg_data_column), columns);
        ck_assert_str_eq(names_text(d, wg_data_class), classes);
        ck_assert_str_eq(rows_text(d, false), rows);
        ck_assert_str_eq(rows_text(d, true), rows);
        ck_assert_int_eq(wg_data_dtype(d), dtype);
        ck_assert_int_eq(wg_data_shape(d).rank, wg_data_columns(d) == 1 ? 1 : 2);
        wg_data_free(d);
    }
}

static void refuse(const char *member, wg_status status, const char *why)
{
    ck_assert_msg(!wg_data_open(spec_of(member)), "was read, instead of: %s", why);
    assert_failed(status, spec_of(member), why);
}

START_TEST(test_separators_ends_of_lines_and_quotes)
{
    static const char *const same[] = {
        "a,b\n1,2.5\n-3,4e1\n",
        "a;b\n1;2.5\n-3;4e1\n",
        "a\tb\n1\t2.5\n-3\t4e1\n",
        "\"a\";\"b\"\r\n1;2.5\r\n-3;40\r\n",
        "a,b\r1,2.5\r-3,40",
        ("\xEF\xBB\xBF" /* a byte order mark, which would go on with the letter behind it */
         "a,b\n1,2.5\n-3,40"),
        "\n a , b \n 1 ,\t2.5\n\n-3 , 40.0  \n\n\n",
        "\"a\",\"b\"\n\"1\",\"2.5\"\n \"-3\" ,+40",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        write_table(same[i]);
        expect(NULL, WG_F64, "a,b", "", "1 2.5 | -3 40");
    }
    write_table("\"say \"\"a\"\"\n\",\"b,c\"\n1,2\n3,4\n");
    expect("b,c", WG_I64, "b,c", "", "2 | 4");
    expect("\"b,c\",1", WG_F64, "b,c,say \"a\"\n", "", "2 1 | 4 3");
}
END_TEST

START_TEST(test_columns_are_chosen)
{
    static const char *const wrong[][2] = {
        { "e", "no column \"e\"; there are a, b c, 3-x, d" },
        { "5", "no column 5; there are 4" },
        { "0", "no column \"0\"" },
        { "3-2", "no columns 3-2; there are 4" },
        { "2-5", "no columns 2-5; there are 4" },
        { "99999999999999999999999", "there are 4" },
        { "a,1", "column \"a\" is asked for twice" },
        { "a,,d", "no column \"\"" },
        { "^1-4", "no column is left" },
        { "", "missing after the colon" },
    };
    write_table("a,b c,3-x,d\n1,2,3,4\n5,6,7,8\n");
    expect(NULL, WG_F64, "a,b c,3-x,d", "", "1 2 3 4 | 5 6 7 8");
    expect("d,a", WG_F64, "d,a", "", "4 1 | 8 5");
    expect("2-4", WG_F64, "b c,3-x,d", "", "2 3 4 | 6 7 8");
    expect("3-x", WG_I64, "3-x", "", "3 | 7");
    expect("1,3-4", WG_F64, "a,3-x,d", "", "1 3 4 | 5 7 8");
    expect("^b c", WG_F64, "a,3-x,d", "", "1 3 4 | 5 7 8");
    expect("^a,4", WG_F64, "b c,3-x", "", "2 3 | 6 7");
    expect("^a,^d", WG_F64, "b c,3-x", "", "2 3 | 6 7");
    expect("1-4,^2", WG_F64, "a,3-x,d", "", "1 3 4 | 5 7 8");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse(wrong[i][0], WG_ERR_ARG, wrong[i][1]);
    write_table("1,2,3\n4,5,6\n");
    expect(NULL, WG_F64, "1,2,3", "", "1 2 3 | 4 5 6");
    expect("3", WG_I64, "3", "", "3 | 6");
    refuse("a", WG_ERR_ARG, "no column \"a\": the table has no header, and 3 columns; give numbers");
    write_table("a,a\n1,2\n");
    refuse("a", WG_ERR_ARG, "two columns are called \"a\"");
    expect("2", WG_I64, "a", "", "2");
}
END_TEST

START_TEST(test_texts_are_classes_and_whole_numbers_are_whole)
{
    write_table("size,kind\n1.5,pear\n2,apple\n3,\"fig, dried\"\n4,apple\n");
    expect("kind", WG_I64, "kind", "apple,fig, dried,pear", "2 | 0 | 1 | 0");
    expect("size", WG_F64, "size", "", "1.5 | 2 | 3 | 4");
    refuse(NULL, WG_ERR_FORMAT, "row 2, column \"kind\": not a number: \"pear\"");
    write_table("M\nB\nM\n");
    expect(NULL, WG_I64, "1", "B,M", "1 | 0 | 1");
    write_table("label\nM\nB\n");                     /* nothing tells that the first row is a header ... */
    expect("label", WG_I64, "label", "B,M", "1 | 0"); /* ... but its name */
    write_table("1.0\n9007199254740993\n");
    expect(NULL, WG_I64, "1", "", "1 | 9007199254740992");
    write_table("1\n1e16\n");
    expect(NULL, WG_F64, "1", "", "1 | 10000000000000000");

    const char *const given[] = { "pear", "fig", "apple" };
    write_table("apple\npear\npear\n");
    wg_data *d = wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .classes = given, .n_classes = 3));
    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert_str_eq(rows_text(d, true), "2 | 0 | 0");
    ck_assert_str_eq(names_text(d, wg_data_class), "pear,fig,apple");
    wg_data_free(d);
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .classes = given, .n_classes = 2)));
    assert_failed(WG_ERR_FORMAT, spec_of(NULL), "row 1, column 1: none of the classes: \"apple\"");
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .dtype = WG_F64)));
    assert_failed(WG_ERR_FORMAT, spec_of(NULL), "row 1, column 1: not a number: \"apple\"");
    write_table("1,2\n3,4\n");
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .classes = given, .n_classes = 3)));
    assert_failed(WG_ERR_ARG, spec_of(NULL), "classes are one column, and 2 are chosen");
}
END_TEST

START_TEST(test_types_that_are_asked_for)
{
    write_table("1\n2\n");
    wg_data *d = wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .dtype = WG_F32, .memory = 1));
    ck_assert_msg(d != NULL && wg_data_dtype(d) == WG_F32, "%s", wg_error());
    ck_assert_str_eq(rows_text(d, false), "1 | 2");
    wg_data_free(d);
    write_table("1\n1e39\n");
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .dtype = WG_F32)));
    assert_failed(WG_ERR_FORMAT, spec_of(NULL), "row 2, column 1: too large for f32: \"1e39\"");
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .dtype = WG_I32)));
    assert_failed(WG_ERR_ARG, NULL, "not as i32");
    ck_assert_ptr_null(wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .n_columns = 1)));
    assert_failed(WG_ERR_ARG, NULL, "is NULL");
}
END_TEST

/* A model that knows its columns by name. */
static void expect_match(const char *member, const char *const *columns, size_t n, const char *rows)
{
    wg_data *d = wg_data_open_with(spec_of(member), WG_OPTS(wg_data_opts, .columns = columns, .n_columns = n));

    ck_assert_msg(d != NULL, "%s", wg_error());
    ck_assert_str_eq(rows_text(d, false), rows);
    wg_data_free(d);
}

static void refuse_match(const char *member, const char *const *columns, size_t n, const char *why)
{
    ck_assert_ptr_null(wg_data_open_with(spec_of(member), WG_OPTS(wg_data_opts, .columns = columns, .n_columns = n)));
    assert_failed(WG_ERR_ARG, spec_of(member), why);
}

START_TEST(test_columns_are_matched_by_name)
{
    const char *const names[] = { "c", "a" }, *const numbers[] = { "3", "1" };

    write_table("a,text,c\n1,x,3\n4,y,6\n");
    expect_match(NULL, names, 2, "3 1 | 6 4");
    expect_match("1,3", names, 2, "3 1 | 6 4");
    expect_match(NULL, numbers, 2, "3 1 | 6 4");
    refuse_match("1", names, 2, "column \"c\" is needed, and not among those chosen");
    write_table("1,x,3\n4,y,6\n");
    expect_match(NULL, numbers, 2, "3 1 | 6 4");
    expect_match("1", numbers, 2, "1 | 4"); /* without a header, a member has its way */
    refuse_match(NULL, names, 2, "no column \"c\": the table has no header");
}
END_TEST

START_TEST(test_mistakes_name_row_and_column)
{
    static const char *const wrong[][2] = {
        { "a,b\n1,2\n3,x\n", "row 3, column \"b\": not a number: \"x\"" },
        { "1,2\n3,x\n", "row 2, column 2: not a number: \"x\"" },
        { "a,b\n1,2\n\n3,\n", "row 4, column \"b\": a value is missing" },
        { "a,b\n1,?\n", "row 2, column \"b\": a value is missing: \"?\"" },
        { "a,b\nc,?\n", "row 1, column 1: not a number: \"a\"" }, /* nothing tells a header from a row */
        { "a,b\n1,2\n1,?\n", "row 3, column \"b\": a value is missing: \"?\"" },
        { "a,b\n1,2\nNA,1\n", "row 3, column \"a\": a value is missing: \"NA\"" },
        { "a,b\n1,2\n\"NA\",1\n", "row 3, column \"a\": not a number: \"NA\"" },
        { "a,b\n1,2\n3\n", "row 3: 1 field, and not 2 as in the first row" },
        { "a,b\n1,2\n3,4,5\n", "row 3: 3 fields, and not 2 as in the first row" },
        { "a,b\n1,2\n3,\"4\n5,6\n", "row 3: a quoted field has no closing quote" },
        { "a,b\n1,2\n\"3\"x,4\n", "row 3: text follows a closing quote" },
        { "1\n\n2\n", "row 2: a value is missing" },
        { "1\n2\n0x10\n", "row 3, column 1: not a number: \"0x10\"" },
        { "1\n1,5\n", "row 2: 2 fields, and not 1 as in the first row" },
        { "1;2\n1;2,5\n", "row 2, column 2: not a number: \"2,5\"" },
        { "1\n1e999\n", "row 2, column 1: not a number: \"1e999\"" },
        { "1\ninf\n", "not a number: \"inf\"" },
        { "1\nnan\n", "a value is missing: \"nan\"" },
        { "1\n2 3\n", "not a number: \"2 3\"" },
        { "1\n\"2\n3\"\n", "row 2, column 1: not a number: \"2?3\"" },
        { "x\n?\ny\n", "row 2, column 1: a value is missing: \"?\"" },
        { "\n\n", "the table has no rows" },
        { "1\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "aaaaa..\"" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_table(wrong[i][0]);
        refuse(NULL, WG_ERR_FORMAT, wrong[i][1]);
    }
    write_table("a\n");
    refuse("a", WG_ERR_FORMAT, "the table has no rows but its header");
    spit(in_folder("t.csv"), "caf\xE9,1\n", 7);
    refuse(NULL, WG_ERR_FORMAT, "a table as UTF-8 text");
}
END_TEST

/* Rows that stand across the reader's buffers and marks, in any order. */
START_TEST(test_a_long_table_is_read_in_any_order)
{
    enum { N = 5000 };
    FILE *file = fopen(in_folder("t.csv"), "wb");

    ck_assert_ptr_nonnull(file);
    fputs("n,\"a\nnote\",class\n", file);
    for (int i = 0; i < N; i++)
        fprintf(file, "%s%d,\"a\n\"\"%*d\",%c\r\n", i % 7 ? "" : "\n", i, i % 40, i, 'a' + i % 26);
    fclose(file);
    for (size_t memory = 0; memory < 2; memory++) {
        wg_data *n = wg_data_open_with(spec_of("n"), WG_OPTS(wg_data_opts, .memory = memory));
        wg_data *class = wg_data_open_with(spec_of("class"), WG_OPTS(wg_data_opts, .memory = memory));
        ck_assert_msg(n && class, "%s", wg_error());
        ck_assert_int_eq(wg_data_shape(n).dim[0], N);
        ck_assert_uint_eq(wg_data_classes(class), 26);
        for (int64_t i = 0, row = 0; i < 2000; i++, row = (row * 31 + 17) % (N - 3)) {
            wg_view a = wg_data_rows(n, row, 3), b = wg_data_rows(class, row, 3);
            for (int k = 0; k < 3; k++) {
                ck_assert_double_eq(wg_view_at(a, k), (double)(row + k));
                ck_assert_double_eq(wg_view_at(b, k), (double)((row + k) % 26));
            }
        }
        wg_data_free(n);
        wg_data_free(class);
    }
}
END_TEST

START_TEST(test_a_file_that_changes_under_the_reader_is_an_error)
{
    write_table("1\n2\n3\n");
    wg_data *d = wg_data_open_with(spec_of(NULL), WG_OPTS(wg_data_opts, .memory = 1));
    ck_assert_ptr_nonnull(d);
    FILE *file = fopen(in_folder("t.csv"), "r+b");
    fputs("1\nx\n3\n", file);
    fclose(file);
    ck_assert_ptr_null(wg_data_rows(d, 1, 1).data);
    assert_failed(WG_ERR_FORMAT, spec_of(NULL), "row 2, column 1: not a number: \"x\"");
    ck_assert_double_eq(wg_view_at(wg_data_rows(d, 2, 1), 0), 3);
    wg_data_free(d);
}
END_TEST

START_TEST(test_numbers_are_read_in_every_locale)
{
    static const char *const locales[] = { "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8" };

    for (size_t i = 0; i < sizeof locales / sizeof *locales && !setlocale(LC_ALL, locales[i]); i++)
        continue;
    write_table("1.5;0.1234567890123456789\n");
    expect(NULL, WG_F64, "1,2", "",
           localeconv()->decimal_point[0] == ',' ? "1,5 0,12345678901234568" : "1.5 0.12345678901234568");
    write_table("1,5;2\n");
    refuse(NULL, WG_ERR_FORMAT, "not a number: \"1,5\"");
    setlocale(LC_ALL, "C");
}
END_TEST

/* Whatever stands in it, a table gives an error or as many rows as it says: bytes that matter, in random order. */
START_TEST(test_random_texts_do_no_harm)
{
    static const char alphabet[] = "12,;\t\"\"\n\r .-e+?aN\xC3\xA4";
    uint64_t state = 7;
    int read = 0;

    for (int round = 0; round < 4000; round++) {
        char text[64];
        size_t n = (size_t)(round % 60);
        for (size_t i = 0; i < n; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            text[i] = alphabet[(state >> 33) % (sizeof alphabet - 1)];
        }
        spit(in_folder("t.csv"), text, n);
        wg_data *d = wg_data_open_with(spec_of(round % 3 ? NULL : "1"), WG_OPTS(wg_data_opts, .memory = 1));
        if (!d) {
            ck_assert(wg_error_status() == WG_ERR_FORMAT || wg_error_status() == WG_ERR_ARG);
            ck_assert_ptr_null(strchr(wg_error(), '\n'));
            continue;
        }
        char streamed[4096];
        snprintf(streamed, sizeof streamed, "%s", rows_text(d, true));
        wg_data_free(d);
        d = wg_data_open(spec_of(round % 3 ? NULL : "1"));
        ck_assert_str_eq(rows_text(d, false), streamed);
        wg_data_free(d);
        read++;
    }
    ck_assert_int_gt(read, 100); /* so that the test is one of readers too */
}
END_TEST

START_TEST(test_records_have_a_limit)
{
    enum { N = 17 << 20 };
    char *text = malloc(N);

    memset(text, '1', N);
    spit(in_folder("t.csv"), text, N);
    refuse(NULL, WG_ERR_FORMAT, "row 1: has more than 16 MiB");
    memset(text, ',', N);
    spit(in_folder("t.csv"), text, N);
    refuse(NULL, WG_ERR_FORMAT, "row 1: has more than a million fields");
    free(text);
    FILE *file = fopen(in_folder("t.csv"), "wb");
    for (int i = 0; i <= 65536; i++)
        fprintf(file, "x%d\n", i);
    fclose(file);
    refuse(NULL, WG_ERR_FORMAT, "row 65537, column 1: has more than 65536 different texts");
}
END_TEST

START_TEST(test_memory_that_runs_out_is_told)
{
    write_table("size,kind\n1.5,pear\n2,apple\n3,\"fig, dried\"\n4,apple\n");
    for (int k = 0; k < 4; k++) {
        const char *spec = spec_of(k & 1 ? "kind" : "\"size\"");
        for (size_t n = 1;; n++) {
            wg__alloc_fail_at(n, k >> 1);
            wg_data *d = wg_data_open(spec);
            size_t asked = wg__alloc_fail_at(0, 0);
            if (!d)
                ck_assert_int_eq(wg_error_status(), WG_ERR_NOMEM);
            wg_data_free(d);
            if (asked < n)
                break;
            ck_assert_msg(!d, "allocation %zu of %zu was not needed", n, asked);
        }
    }
}
END_TEST

TCase *io_table_tests(void)
{
    TCase *t = tcase_create("table");

    tcase_add_test(t, test_separators_ends_of_lines_and_quotes);
    tcase_add_test(t, test_columns_are_chosen);
    tcase_add_test(t, test_texts_are_classes_and_whole_numbers_are_whole);
    tcase_add_test(t, test_types_that_are_asked_for);
    tcase_add_test(t, test_columns_are_matched_by_name);
    tcase_add_test(t, test_mistakes_name_row_and_column);
    tcase_add_test(t, test_a_long_table_is_read_in_any_order);
    tcase_add_test(t, test_a_file_that_changes_under_the_reader_is_an_error);
    tcase_add_test(t, test_numbers_are_read_in_every_locale);
    tcase_add_test(t, test_random_texts_do_no_harm);
    tcase_add_test(t, test_records_have_a_limit);
    tcase_add_test(t, test_memory_that_runs_out_is_told);
    return t;
}
