/* A program described: in numbers, and as text. */
#include <string.h>

#include "base/text.h"
#include "exec/exec.h"
#include "plan/loop.h"
#include "plan/work.h"

wg_status wg_exec_describe(wg_exec *e, wg_exec_stats *out)
{
    if (!e)
        return wg__fail_null("wg_exec_describe", "exec");
    if (!out || out->size == 0 || out->size > sizeof *out)
        return wg__exec_failed(e, wg__fail(WG_ERR_ARG, "wg_exec_describe: the struct is NULL, or its size is not set"));
    wg_status status = wg__exec_prepare(e);
    if (status)
        return wg__exec_failed(e, status);
    const wg__frame *f = e->now;
    const wg__program *p = f->program;
    size_t bytes = 0;
    wg__frame_bytes(f, &bytes);
    double flops = 0, touched = 0;
    for (int k = 0; k < p->n_instructions; k++) {
        flops += wg__instruction_flops(p, k);
        touched += wg__instruction_bytes(p, k);
    }
    wg_exec_stats s = {
        .size = out->size,
        .instructions = p->n_instructions,
        .fused = p->n_fused,
        .barriers = p->n_barriers,
        .regions = p->parallel,
        .arena = p->arena,
        .peak_live = p->peak_live,
        .constants = p->constants,
        .scratch = bytes - p->arena,
        .cost = p->cost,
        .threads = f->workers,
        .flops = flops,
        .bytes = touched,
    };
    memcpy(out, &s, out->size);
    return WG_OK;
}

static void put_place(wg__text *t, const wg__program *p, wg__place place)
{
    const wg__buffer *b = place.buffer >= 0 ? &p->buffers[place.buffer] : NULL;
    if (place.reg >= 0)
        wg__text_printf(t, " r%d", place.reg);
    else if (!b)
        wg__text_printf(t, " -");
    else if (b->space == WG__IN_ARENA)
        wg__text_printf(t, " @%zu", b->offset);
    else if (b->space == WG__IN_CONSTANT)
        wg__text_printf(t, " const");
    else if (b->space == WG__TO_RESULT)
        wg__text_printf(t, " =%s", p->plan->source->outputs[b->result]->name);
    else
        wg__text_printf(t, " %s%s", b->space == WG__TO_VARIABLE ? "=" : "", p->plan->leaf[b->leaf].node->name);
}

static void put_step(wg__text *t, const wg__program *p, const wg__instruction *i, const wg__step *s)
{
    char shape[96];
    const char *name = s->still ? "broadcast" : s->node ? wg__op_of(s->node)->name : "copy";
    wg__text_printf(t, "      %-20s", i->kind == WG__CHECK ? "check_finite" : name);
    for (int k = 0; k < s->n_out; k++)
        put_place(t, p, s->out[k]);
    wg__text_printf(t, " <-");
    for (int k = 0; k < s->call.n_in; k++)
        put_place(t, p, s->in[k]);
    if (s->node)
        wg__text_printf(t, "   %s %s", wg_dtype_name(s->node->dtype),
                        wg_shape_text(p->shape[s->node->index], shape, sizeof shape));
    wg__text_printf(t, "\n");
}

static void put_instruction(wg__text *t, const wg__program *p, int number)
{
    static const char *const kinds[] = { "stage", "fused", "copy", "check", "scan" };
    const wg__instruction *i = &p->instruction[number];
    if (i->barrier)
        wg__text_printf(t, "      -- barrier --\n");
    wg__text_printf(t, "%4d  %s %lld/%lld", number, kinds[i->kind], (long long)i->extent, (long long)i->grain);
    if (i->kind == WG__FUSED)
        wg__text_printf(t, " block %lld, %d registers", (long long)i->block, i->n_registers);
    wg__text_printf(t, "%s%s, %.0f ns\n", i->split ? ", split" : "", i->final ? ", writes variables" : "", i->cost);
    for (int k = 0; k < i->n_steps; k++)
        put_step(t, p, i, &i->step[k]);
    for (int k = 0; i->loop && k < i->loop->body->n_instructions; k++) {
        wg__text_printf(t, "   |");
        put_instruction(t, i->loop->body, k);
    }
}

char *wg_exec_listing(wg_exec *e)
{
    if (!e) {
        wg__fail_null("wg_exec_listing", "exec");
        return NULL;
    }
    if (wg__exec_failed(e, wg__exec_prepare(e)))
        return NULL;
    const wg__program *p = e->now->program;
    wg__text t = { 0 }; /* the C library's memory, as wg_text_free expects */
    wg__text_printf(&t, "%d instructions, arena %zu bytes, at most %zu alive, %d threads\n", p->n_instructions,
                    p->arena, p->peak_live, e->now->workers);
    for (int k = 0; k < p->n_instructions; k++)
        put_instruction(&t, p, k);
    return wg__text_take(&t);
}
