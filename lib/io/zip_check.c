/* Compares the members of a ZIP archive with its directory: local headers, disjoint spans, unique names. */
#include <stdlib.h>
#include <string.h>

#include "io/zip.h"

/* In a local header a saturated size is found in the ZIP64 field, which must then hold both. */
static bool local_sizes(const unsigned char *extra, size_t n, uint64_t *packed, uint64_t *size)
{
    bool saturated = *packed == 0xffffffff || *size == 0xffffffff;

    while (n >= 4) {
        size_t length = wg__get16(extra + 2);
        if (length > n - 4)
            return false;
        if (wg__get16(extra) == WG__ZIP_EXTRA64 && saturated) {
            if (length < 16 || *packed != 0xffffffff || *size != 0xffffffff)
                return false;
            *size = wg__get64(extra + 4), *packed = wg__get64(extra + 12);
            return true;
        }
        extra += 4 + length;
        n -= 4 + length;
    }
    return n == 0 && !saturated;
}

/* `space`: bytes between the local header and the central directory. */
static wg_status check_local(const wg__zip *zip, wg__zip_entry *entry, uint64_t space)
{
    unsigned char h[WG__ZIP_LOCAL_SIZE], rest[WG__ZIP_NAME_MAX + 65536];
    size_t name, extra, length = strlen(entry->name);
    uint64_t packed, size;
    wg_status status;

    if (space < sizeof h)
        return wg__fail(WG_ERR_FORMAT, "%s: lies outside of the archive", entry->name);
    status = wg__file_read(&zip->file, entry->offset, h, sizeof h);
    if (status)
        return status;
    name = wg__get16(h + 26), extra = wg__get16(h + 28);
    packed = wg__get32(h + 18), size = wg__get32(h + 22);
    if (wg__get32(h) != WG__ZIP_LOCAL || name != length || space - sizeof h < name + extra)
        return wg__fail(WG_ERR_FORMAT, "%s: its local header is damaged", entry->name);
    status = wg__file_read(&zip->file, entry->offset + sizeof h, rest, name + extra);
    if (status)
        return status;
    if (!local_sizes(rest + name, extra, &packed, &size) || (wg__get16(h + 6) & ~0x0806u) ||
        (int)wg__get16(h + 8) != entry->method || wg__get32(h + 14) != entry->crc || packed != entry->packed ||
        size != entry->size || memcmp(rest, entry->name, name) != 0)
        return wg__fail(WG_ERR_FORMAT, "%s: its local header does not agree with the directory", entry->name);
    entry->data = entry->offset + sizeof h + name + extra;
    if (packed > space - sizeof h - name - extra)
        return wg__fail(WG_ERR_FORMAT, "%s: is cut off", entry->name);
    return WG_OK;
}

static int by_offset(const void *a, const void *b)
{
    const wg__zip_entry *const *x = a, *const *y = b;
    return ((*x)->offset > (*y)->offset) - ((*x)->offset < (*y)->offset);
}

static int by_name(const void *a, const void *b)
{
    const wg__zip_entry *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

static wg_status check_pairs(const wg__zip *zip, const wg__zip_entry **sorted)
{
    qsort(sorted, zip->n, sizeof *sorted, by_offset);
    for (size_t k = 1; k < zip->n; k++)
        if (sorted[k]->offset < sorted[k - 1]->data + sorted[k - 1]->packed)
            return wg__fail(WG_ERR_FORMAT, "%s and %s overlap", sorted[k - 1]->name, sorted[k]->name);
    qsort(sorted, zip->n, sizeof *sorted, by_name);
    for (size_t k = 1; k < zip->n; k++)
        if (!strcmp(sorted[k]->name, sorted[k - 1]->name))
            return wg__fail(WG_ERR_FORMAT, "two members are named %s", sorted[k]->name);
    return WG_OK;
}

wg_status wg__zip_check_members(wg__zip *zip, uint64_t directory)
{
    const wg__zip_entry **sorted;
    wg_status status;

    for (size_t k = 0; k < zip->n; k++) {
        wg__zip_entry *entry = &zip->entry[k];
        status = check_local(zip, entry, entry->offset > directory ? 0 : directory - entry->offset);
        if (status)
            return status;
    }
    sorted = wg__alloc(zip->allocator, zip->n, sizeof *sorted);
    if (!sorted)
        return WG_ERR_NOMEM;
    for (size_t k = 0; k < zip->n; k++)
        sorted[k] = &zip->entry[k];
    status = check_pairs(zip, sorted);
    wg__free(zip->allocator, sorted, zip->n, sizeof *sorted);
    return status;
}
