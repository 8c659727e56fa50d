/* Altering what is altered already: a path that an attribute chooses has tails, broadcasts and ties of its own. All pairs would be
 * too many, so each variant is combined with a few of each other sort, and with others than the one before. */
#include <limits.h>
#include <stdio.h>

#include "verify/operator/maker.h"

/* How many of each sort are shown, at most. Adjoints ask for the shape of this operand or that: so all broadcasts are. */
static const int most_of[WG__SORTS] = {
    [WG__OF_OPERANDS] = 1, [WG__OF_BROADCASTS] = INT_MAX, [WG__OF_SIZES] = 2, [WG__OF_LONG_SIZES] = 2,
    [WG__OF_LENGTHS] = 6,  [WG__OF_AXES] = 2,             [WG__OF_TIES] = 2,  [WG__OF_VALUES] = 2,
};

typedef struct collection {
    wg__variant *of; /* NULL: they are counted first */
    size_t n;
} collection;

static wg_status collect(void *user, const wg__variant *v, bool *taken)
{
    collection *c = user;
    if (c->of)
        c->of[c->n] = *v;
    c->n++;
    *taken = false; /* so that a smaller one is made too */
    return WG_OK;
}

static size_t collect_all(const wg_op *op, const wg_sample *from, wg__variant *to)
{
    collection c = { to, 0 };
    wg__maker m = { op, from, wg__sample_operands(op, from), collect, &c, WG__OF_OPERANDS, WG_OK };
    wg__try_all_shapes(&m);
    return c.n;
}

static bool have_common_factor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a > 1;
}

/* About a third of the way round, so that the next one is of another kind; coming by all n. */
static size_t stride_of(size_t n)
{
    size_t stride = 3 * n / 8 + 1;
    while (have_common_factor(stride, n))
        stride++;
    return stride;
}

static wg_status show(const wg__variant *from, wg__variant *v, wg__variant_visit *visit, void *user, bool *taken)
{
    char text[WG__VARIANT_TEXT];
    snprintf(text, sizeof text, "%.60s, %.60s", from->text, v->text);
    snprintf(v->text, sizeof v->text, "%s", text);
    v->combined = v->brief = true;
    v->unvouched = v->unvouched || from->unvouched;
    v->retyped = false;
    *taken = false;
    return visit(user, v, taken);
}

/* Of n variants of one sort, in turn, until as many as are wanted are taken. */
static wg_status show_some(const wg__variant *from, wg__variant *of, size_t n, int turn, wg__variant_visit *visit,
                           void *user)
{
    size_t stride = stride_of(n), at = (size_t)turn % n;
    int taken = 0;
    for (size_t k = 0; k < n && taken < most_of[of->sort]; k++, at = (at + stride) % n) {
        bool one = false;
        wg_status st = show(from, &of[at], visit, user, &one);
        if (st)
            return st;
        taken += one;
    }
    return WG_OK;
}

wg_status wg__each_combination(const wg_op *op, const wg__variant *from, int turn, wg__variant_visit *visit, void *user)
{
    size_t n = collect_all(op, &from->sample, NULL), end;
    wg__variant *all = wg__alloc_zero(NULL, n + 1, sizeof *all);
    wg_status st = all ? WG_OK : WG_ERR_NOMEM;
    if (all)
        collect_all(op, &from->sample, all);
    for (size_t begin = 0; begin < n && !st; begin = end) {
        for (end = begin + 1; end < n && all[end].sort == all[begin].sort; end++)
            ;
        st = show_some(from, all + begin, end - begin, turn, visit, user);
    }
    wg__free(NULL, all, n + 1, sizeof *all);
    return st;
}
