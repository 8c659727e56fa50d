/* The derivatives that `eval` is asked for, from their texts to nodes. */
#include "eval.h"

#include <stdlib.h>
#include <string.h>

static int wrong(const char *kind, const char *text, const char *expected)
{
    return tool_misused("eval: --%s %s: expected %s", kind, text, expected);
}

/* The node called text[0..n-1]; NULL, and the message printed. */
static wg_node *find(const struct eval *e, const char *text, size_t n)
{
    char *name = tool_print("%.*s", (int)n, text);
    wg_node *node = wg_find(e->graph, name);
    if (!node)
        tool_failed("%s: has no node called %s", e->path, name);
    free(name);
    return node;
}

/* An input of the node's shape and type, to be fed from a member. */
static wg_node *add_extra(struct eval *e, const wg_node *like, const char *member)
{
    struct extra *more = tool_alloc(e->n_extras + 1, sizeof *more);
    if (e->n_extras)
        memcpy(more, e->extra, e->n_extras * sizeof *more);
    free(e->extra);
    e->extra = more;
    wg_node *input = wg_input(e->graph, NULL, wg_node_dtype(like), wg_node_shape(like));
    e->extra[e->n_extras++] = (struct extra){ input, tool_copy(member) };
    return input;
}

static wg_node *cotangent_of(const struct eval *e, const wg_node *output)
{
    for (size_t i = 0; i < e->n_cotangents; i++)
        if (e->cotangent_of[i] == output)
            return e->extra[i].input;
    return NULL;
}

/* "OUTPUT=MEMBER" */
static int read_cotangent(struct eval *e, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1])
        return wrong("cotangent", text, "OUTPUT=MEMBER");
    wg_node *output = find(e, text, (size_t)(equals - text));
    if (!output)
        return FAILED;
    if (cotangent_of(e, output))
        return tool_misused("eval: --cotangent %s: %s has one already", text, wg_node_name(output));
    e->cotangent_of[e->n_cotangents++] = output;
    add_extra(e, output, equals + 1);
    return 0;
}

/* "WRT" or "WRT=MEMBER", n characters of it. */
static int read_wrt(struct eval *e, struct request *r, const char *text, size_t n)
{
    const char *equals = memchr(text, '=', n);
    bool directed = strcmp(r->kind, "grad") != 0;
    size_t length = equals ? (size_t)(equals - text) : n;
    if (!length || directed != (equals != NULL) || (equals && length + 1 >= n))
        return wrong(r->kind, r->text, directed ? "OUTPUT:WRT=MEMBER,WRT=MEMBER" : "OUTPUT:WRT,WRT");
    wg_node *wrt = find(e, text, length);
    if (!wrt)
        return FAILED;
    for (size_t i = 0; i < r->n; i++)
        if (r->wrt[i] == wrt)
            return tool_misused("eval: --%s %s: %s is named twice", r->kind, r->text, wg_node_name(wrt));
    r->wrt[r->n] = wrt;
    if (directed) {
        r->member[r->n] = tool_print("%.*s", (int)(n - length - 1), equals + 1);
        r->direction[r->n] = add_extra(e, wrt, r->member[r->n]);
    }
    r->n++;
    return 0;
}

static int read_request(struct eval *e, const char *kind, const char *text)
{
    struct request *r = &e->request[e->n_requests++];
    *r = (struct request){ .kind = kind, .text = text };
    const char *colon = strchr(text, ':');
    size_t most = strlen(text);
    r->wrt = tool_alloc(most, sizeof(wg_node *));
    r->direction = tool_alloc(most, sizeof(wg_node *));
    r->member = tool_alloc(most, sizeof(char *));
    r->result = tool_alloc(most, sizeof(wg_node *));
    if (!colon || colon == text)
        return wrong(kind, text, strcmp(kind, "grad") ? "OUTPUT:WRT=MEMBER,WRT=MEMBER" : "OUTPUT:WRT,WRT");
    r->output = find(e, text, (size_t)(colon - text));
    int code = r->output ? 0 : FAILED;
    for (const char *at = colon + 1; !code; at++) {
        size_t n = strcspn(at, ",");
        code = read_wrt(e, r, at, n);
        at += n;
        if (!*at)
            break;
    }
    return code;
}

static bool is_scalar(const wg_node *n)
{
    return wg_shape_count(wg_node_shape(n)) == 1;
}

/* A scalar whose gradient is that of the output pulled back by its cotangent. */
static wg_node *weighted(const struct eval *e, wg_node *output)
{
    wg_node *cotangent = cotangent_of(e, output);
    return cotangent ? wg_sum(wg_mul(output, cotangent), WG_ALL_AXES, false) : output;
}

static int build(struct eval *e, struct request *r)
{
    wg_nodes wrt = { r->wrt, r->n }, directions = { r->direction, r->n };
    wg_node *cotangent = cotangent_of(e, r->output);
    if (!strcmp(r->kind, "jvp")) {
        wg_node *moved = wg_jvp_of(r->output, wrt, directions);
        for (size_t i = 0; i < r->n; i++)
            r->result[i] = moved;
        return moved ? 0 : tool_failed("%s: --jvp %s: %s", e->path, r->text, wg_error());
    }
    if (!cotangent && !is_scalar(r->output))
        return tool_failed("%s: --%s %s: %s is no scalar, and needs --cotangent %s=MEMBER", e->path, r->kind, r->text,
                           wg_node_name(r->output), wg_node_name(r->output));
    wg_grads grads;
    if (!strcmp(r->kind, "hvp"))
        grads = wg_hvp(weighted(e, r->output), wrt, directions);
    else
        grads = cotangent ? wg_vjp(r->output, cotangent, wrt) : wg_grads_of(r->output, wrt);
    if (!grads.of.at)
        return tool_failed("%s: --%s %s: %s", e->path, r->kind, r->text, wg_error());
    memcpy(r->result, grads.of.at, r->n * sizeof(wg_node *));
    return 0;
}

static int read_all(struct eval *e, const char *kind, texts list)
{
    int code = 0;
    for (size_t i = 0; i < list.n && !code; i++)
        code = read_request(e, kind, list.at[i]);
    return code;
}

int requests_build(struct eval *e)
{
    const struct eval_options *o = e->o;
    int code = 0;
    e->request = tool_alloc(o->grad.n + o->hvp.n + o->jvp.n, sizeof *e->request);
    e->cotangent_of = tool_alloc(o->cotangent.n, sizeof *e->cotangent_of);
    for (size_t i = 0; i < o->cotangent.n && !code; i++)
        code = read_cotangent(e, o->cotangent.at[i]);
    if (!code)
        code = read_all(e, "grad", o->grad);
    if (!code)
        code = read_all(e, "hvp", o->hvp);
    if (!code)
        code = read_all(e, "jvp", o->jvp);
    for (size_t i = 0; i < e->n_requests && !code; i++)
        code = build(e, &e->request[i]);
    return code;
}

void requests_free(struct eval *e)
{
    for (size_t i = 0; i < e->n_requests; i++) {
        struct request *r = &e->request[i];
        for (size_t k = 0; k < r->n; k++)
            free(r->member[k]);
        free(r->wrt);
        free(r->direction);
        free(r->member);
        free(r->result);
    }
    for (size_t i = 0; i < e->n_extras; i++)
        free(e->extra[i].member);
    free(e->request);
    free(e->cotangent_of);
    free(e->extra);
}
