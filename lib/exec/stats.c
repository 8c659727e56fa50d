/* A program described: in numbers, and as text. */
#include <stdio.h>
#include <string.h>

#include "exec/exec.h"

wg_status wg_exec_describe(wg_exec *e, wg_exec_stats *out)
{
    if (!e || !out || out->size == 0 || out->size > sizeof *out)
        return wg__fail(WG_ERR_ARG, "wg_exec_describe: %s", e ? "the struct is NULL, or its size is not set" : "the exec is NULL");
    wg_status status = wg__exec_prepare(e);
    if (status)
        return wg__exec_failed(e, status);
    const wg__frame *f = e->now;
    const wg__program *p = f->program;
    size_t bytes = 0;
    wg__frame_bytes(f, &bytes);
    wg_exec_stats s = {
        .size = out->size, .instructions = p->n_instructions, .fused = p->n_fused, .barriers = p->n_barriers,
        .regions = p->parallel, .arena = p->arena, .peak_live = p->peak_live, .constants = p->constants,
        .scratch = bytes - p->arena, .cost = p->cost, .threads = f->workers,
    };
    memcpy(out, &s, out->size);
    return WG_OK;
}

/* Text that grows; freed by wg_text_free, so it is the C library's memory, exactly as long as it says. */
typedef struct listing {
    char *text;
    size_t length, capacity;
    bool failed;
} listing;

static void put(listing *l, const char *format, ...) WG_PRINTF(2, 3);
static void put(listing *l, const char *format, ...)
{
    char piece[768];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(piece, sizeof piece, format, list);
    va_end(list);
    size_t length = n < 0 ? 0 : strlen(piece);
    if (l->failed || !wg__grow(NULL, (void **)&l->text, &l->capacity, l->length + length + 1, 1)) {
        l->failed = true;
        return;
    }
    memcpy(l->text + l->length, piece, length + 1);
    l->length += length;
}

static void put_place(listing *l, const wg__program *p, wg__place place)
{
    const wg__buffer *b = place.buffer >= 0 ? &p->buffers[place.buffer] : NULL;
    if (place.reg >= 0)
        put(l, " r%d", place.reg);
    else if (!b)
        put(l, " -");
    else if (b->space == WG__IN_ARENA)
        put(l, " @%zu", b->offset);
    else if (b->space == WG__IN_CONSTANT)
        put(l, " const");
    else
        put(l, " %s%s", b->space == WG__TO_VARIABLE ? "=" : "", p->plan->leaf[b->leaf].node->name);
}

static void put_step(listing *l, const wg__program *p, const wg__instruction *i, const wg__step *s)
{
    char shape[96];
    const char *name = s->still ? "broadcast" : s->node ? wg__op_of(s->node)->name : "copy";
    put(l, "      %-20s", i->kind == WG__CHECK ? "check_finite" : name);
    for (int k = 0; k < s->n_out; k++)
        put_place(l, p, s->out[k]);
    put(l, " <-");
    for (int k = 0; k < s->call.n_in; k++)
        put_place(l, p, s->in[k]);
    if (s->node)
        put(l, "   %s %s", wg_dtype_name(s->node->dtype), wg_shape_text(p->shape[s->node->index], shape, sizeof shape));
    put(l, "\n");
}

static void put_instruction(listing *l, const wg__program *p, int number)
{
    static const char *const kinds[] = { "stage", "fused", "copy", "check" };
    const wg__instruction *i = &p->instruction[number];
    if (i->barrier)
        put(l, "      -- barrier --\n");
    put(l, "%4d  %s %lld/%lld", number, kinds[i->kind], (long long)i->extent, (long long)i->grain);
    if (i->kind == WG__FUSED)
        put(l, " block %lld, %d registers", (long long)i->block, i->n_registers);
    put(l, "%s%s, %.0f ns\n", i->split ? ", split" : "", i->final ? ", writes variables" : "", i->cost);
    for (int k = 0; k < i->n_steps; k++)
        put_step(l, p, i, &i->step[k]);
}

char *wg_exec_listing(wg_exec *e)
{
    if (!e || wg__exec_failed(e, wg__exec_prepare(e)))
        return NULL;
    const wg__program *p = e->now->program;
    listing l = { 0 };
    put(&l, "%d instructions, arena %zu bytes, at most %zu alive, %d threads\n", p->n_instructions, p->arena, p->peak_live,
        e->now->workers);
    for (int k = 0; k < p->n_instructions; k++)
        put_instruction(&l, p, k);
    char *text = l.failed ? NULL : wg__copy_text(NULL, l.text);
    wg__free(NULL, l.text, l.capacity, 1);
    return text;
}
