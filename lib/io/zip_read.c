/* Opens ZIP archives: the end records and the central directory. */
#include <string.h>

#include "base/checked.h"
#include "io/zip.h"

enum { DIRECTORY_MAX = 64 << 20 }; /* bytes: some 800,000 members */

/* What the end records say. */
typedef struct bounds {
    uint64_t offset, size, count; /* of the central directory */
    uint64_t end;                 /* where the end records begin */
} bounds;

/* With ZIP64, an end record and a locator stand before the old end record, whose fields are then saturated or agree. */
static wg_status read_end64(const wg__zip *zip, bounds *b)
{
    unsigned char locator[WG__ZIP_LOCATOR_SIZE], e[WG__ZIP_END64_SIZE];
    uint64_t at = b->end - WG__ZIP_LOCATOR_SIZE, count;
    bounds old = *b;
    wg_status status;

    if (b->end < WG__ZIP_LOCATOR_SIZE)
        return WG_OK;
    status = wg__file_read(&zip->file, at, locator, sizeof locator);
    if (status || wg__get32(locator) != WG__ZIP_LOCATOR)
        return status;
    b->end = wg__get64(locator + 8);
    if (wg__get32(locator + 4) != 0 || wg__get32(locator + 16) != 1)
        return wg__fail(WG_ERR_FORMAT, "the archive is spread over several disks");
    if (at < WG__ZIP_END64_SIZE || b->end != at - WG__ZIP_END64_SIZE)
        return wg__fail(WG_ERR_FORMAT, "the ZIP64 end record is not where it should be");
    status = wg__file_read(&zip->file, b->end, e, sizeof e);
    if (status)
        return status;
    b->count = wg__get64(e + 24), count = wg__get64(e + 32);
    b->size = wg__get64(e + 40), b->offset = wg__get64(e + 48);
    if (wg__get32(e) != WG__ZIP_END64 || wg__get64(e + 4) != WG__ZIP_END64_SIZE - 12)
        return wg__fail(WG_ERR_FORMAT, "the ZIP64 end record is damaged");
    if (wg__get32(e + 16) || wg__get32(e + 20) || b->count != count)
        return wg__fail(WG_ERR_FORMAT, "the archive is spread over several disks");
    if ((old.count != 0xffff && old.count != b->count) || (old.size != 0xffffffff && old.size != b->size) ||
        (old.offset != 0xffffffff && old.offset != b->offset))
        return wg__fail(WG_ERR_FORMAT, "the two end records disagree");
    return WG_OK;
}

static wg_status read_end(const wg__zip *zip, bounds *b)
{
    unsigned char e[WG__ZIP_END_SIZE];
    wg_status status;

    if (!zip->file.size)
        return wg__fail(WG_ERR_FORMAT, "the file is empty");
    if (zip->file.size < sizeof e)
        return wg__fail(WG_ERR_FORMAT, "not a whole ZIP archive: it has %d bytes", (int)zip->file.size);
    b->end = zip->file.size - sizeof e;
    status = wg__file_read(&zip->file, b->end, e, sizeof e);
    if (status)
        return status;
    /* An archive comment could hide a second end record: there is none in arrays' archives. */
    if (wg__get32(e) != WG__ZIP_END || wg__get16(e + 20) != 0)
        return wg__fail(WG_ERR_FORMAT,
                        "the archive does not end in a ZIP end record: cut off, or something is appended");
    b->count = wg__get16(e + 10), b->size = wg__get32(e + 12), b->offset = wg__get32(e + 16);
    if (wg__get16(e + 4) || wg__get16(e + 6) || wg__get16(e + 8) != b->count)
        return wg__fail(WG_ERR_FORMAT, "the archive is spread over several disks");
    status = read_end64(zip, b);
    if (status)
        return status;
    if (b->offset > b->end || b->size != b->end - b->offset)
        return wg__fail(WG_ERR_FORMAT, "the ZIP directory does not fill the place between members and end record");
    if (b->size > DIRECTORY_MAX || b->count > b->size / WG__ZIP_CENTRAL_SIZE)
        return wg__fail(WG_ERR_FORMAT, "the ZIP directory is too large");
    return WG_OK;
}

/* Printable ASCII without backslash. Names are never used as file names. */
static wg_status take_name(wg__zip *zip, const unsigned char *from, size_t n, wg__zip_entry *entry)
{
    char name[WG__ZIP_NAME_MAX + 1];

    if (n == 0 || n > WG__ZIP_NAME_MAX)
        return wg__fail(WG_ERR_FORMAT, "a member's name has %zu characters", n);
    for (size_t i = 0; i < n; i++) {
        if (from[i] < ' ' || from[i] > '~' || from[i] == '\\')
            return wg__fail(WG_ERR_FORMAT, "a member's name holds the byte 0x%02x", from[i]);
        name[i] = (char)from[i];
    }
    name[n] = 0;
    entry->name = wg__arena_text(&zip->names, name);
    return entry->name ? WG_OK : WG_ERR_NOMEM;
}

/* The packed sizes of blocks, still unchecked. */
static wg_status take_blocks(wg__zip *zip, const unsigned char *at, size_t n, wg__zip_entry *entry)
{
    unsigned char *copy = wg__arena_alloc(&zip->names, n);

    if (!copy)
        return WG_ERR_NOMEM;
    memcpy(copy, at, n);
    entry->block = copy;
    entry->n_blocks = n / 4;
    return WG_OK;
}

/* Replaces the saturated ones of size, packed and offset, in this order, by the ZIP64 extra field's. Extra fields of
 * other kinds (times, owners) are passed over. */
static wg_status take_extra(wg__zip *zip, const unsigned char *at, size_t n, wg__zip_entry *entry)
{
    uint64_t *field[] = { &entry->size, &entry->packed, &entry->offset };
    bool found = false;

    while (n) {
        size_t length = n < 4 ? 0 : wg__get16(at + 2), used = 4;
        if (n < 4 || length > n - 4)
            return wg__fail(WG_ERR_FORMAT, "%s: an extra field is damaged", entry->name);
        if (wg__get16(at) == WG__ZIP_EXTRA64) {
            if (found)
                return wg__fail(WG_ERR_FORMAT, "%s: two ZIP64 fields", entry->name);
            found = true;
            for (int k = 0; k < 3; k++) {
                if (*field[k] != 0xffffffff)
                    continue;
                if (used + 8 > length + 4)
                    return wg__fail(WG_ERR_FORMAT, "%s: the ZIP64 field is too short", entry->name);
                *field[k] = wg__get64(at + used);
                used += 8;
            }
        }
        if (wg__get16(at) == WG__ZIP_EXTRA_BLOCKS && !entry->block && length && length % 4 == 0) {
            wg_status status = take_blocks(zip, at + 4, length, entry);
            if (status)
                return status;
        }
        at += 4 + length;
        n -= 4 + length;
    }
    return WG_OK;
}

/* A deflate stream grows by at most 1032 to 1: a larger claim is a trap for whoever allocates. */
static wg_status check_sizes(const wg__zip_entry *entry)
{
    bool plausible = entry->method == 0 ? entry->size == entry->packed : entry->size / 1032 <= entry->packed;

    if (!plausible || entry->size > SIZE_MAX)
        return wg__fail(WG_ERR_FORMAT, "%s: declares %llu bytes, which its %llu packed bytes cannot hold", entry->name,
                        (unsigned long long)entry->size, (unsigned long long)entry->packed);
    return WG_OK;
}

/* Sizes of blocks must add up, or somebody has changed the member without them. */
static wg_status check_blocks(const wg__zip_entry *entry)
{
    uint64_t sum = 0;

    if (!entry->block)
        return WG_OK;
    for (size_t k = 0; k < entry->n_blocks; k++)
        sum += wg__get32(entry->block + 4 * k);
    if (entry->method == 0 || entry->n_blocks != wg__zip_blocks(entry->size) || sum != entry->packed)
        return wg__fail(WG_ERR_FORMAT, "%s: the sizes of its blocks do not add up", entry->name);
    return WG_OK;
}

/* The directory's next record; *used is its length. */
static wg_status take_record(wg__zip *zip, const unsigned char *at, size_t n, size_t *used)
{
    wg__zip_entry entry = { .name = NULL };
    size_t name, extra, comment;
    wg_status status;

    if (n < WG__ZIP_CENTRAL_SIZE || wg__get32(at) != WG__ZIP_CENTRAL)
        return wg__fail(WG_ERR_FORMAT, "the ZIP directory is damaged");
    name = wg__get16(at + 28), extra = wg__get16(at + 30), comment = wg__get16(at + 32);
    *used = WG__ZIP_CENTRAL_SIZE + name + extra + comment;
    if (*used > n)
        return wg__fail(WG_ERR_FORMAT, "the ZIP directory is damaged");
    status = take_name(zip, at + WG__ZIP_CENTRAL_SIZE, name, &entry);
    if (status)
        return status;
    if (wg__get16(at + 8) & 1u)
        return wg__fail(WG_ERR_FORMAT, "%s: is encrypted", entry.name);
    if (wg__get16(at + 8) & ~0x0806u) /* deflate's options and UTF-8 are harmless */
        return wg__fail(WG_ERR_FORMAT, "%s: uses ZIP features that are not read (flags 0x%04x)", entry.name,
                        wg__get16(at + 8));
    if (wg__get16(at + 34))
        return wg__fail(WG_ERR_FORMAT, "%s: lies on another disk", entry.name);
    entry.method = (int)wg__get16(at + 10);
    if (entry.method != 0 && entry.method != 8)
        return wg__fail(WG_ERR_FORMAT, "%s: compression method %d is neither stored nor deflated", entry.name,
                        entry.method);
    entry.crc = wg__get32(at + 16);
    entry.packed = wg__get32(at + 20), entry.size = wg__get32(at + 24), entry.offset = wg__get32(at + 42);
    status = take_extra(zip, at + WG__ZIP_CENTRAL_SIZE + name, extra, &entry);
    if (!status)
        status = check_sizes(&entry);
    if (!status)
        status = check_blocks(&entry);
    if (!status)
        zip->entry[zip->n++] = entry;
    return status;
}

static wg_status take_records(wg__zip *zip, const bounds *b, const unsigned char *directory)
{
    size_t at = 0, used = 0;

    for (uint64_t k = 0; k < b->count; k++, at += used) {
        wg_status status = take_record(zip, directory + at, (size_t)b->size - at, &used);
        if (status)
            return status;
    }
    if (at != b->size)
        return wg__fail(WG_ERR_FORMAT, "the ZIP directory holds more than it counts");
    return WG_OK;
}

static wg_status read_directory(wg__zip *zip)
{
    bounds b = { .count = 0 };
    unsigned char *directory;
    wg_status status = read_end(zip, &b);

    if (status)
        return status;
    zip->capacity = (size_t)b.count;
    zip->entry = wg__alloc_zero(zip->allocator, zip->capacity, sizeof *zip->entry);
    directory = wg__alloc(zip->allocator, (size_t)b.size, 1);
    if (!zip->entry || !directory)
        status = WG_ERR_NOMEM;
    if (!status)
        status = wg__file_read(&zip->file, b.offset, directory, (size_t)b.size);
    if (!status)
        status = take_records(zip, &b, directory);
    wg__free(zip->allocator, directory, (size_t)b.size, 1);
    return status ? status : wg__zip_check_members(zip, b.offset);
}

wg_status wg__zip_open(wg__zip *zip, const char *path, const wg__allocator *allocator)
{
    wg_status status;

    *zip = (wg__zip){ .allocator = allocator, .names = { .allocator = allocator } };
    status = wg__file_open(&zip->file, path);
    if (!status)
        status = read_directory(zip);
    if (status)
        wg__zip_close(zip);
    return status;
}

void wg__zip_close(wg__zip *zip)
{
    wg__file_close(&zip->file);
    wg__free(zip->allocator, zip->entry, zip->capacity, sizeof *zip->entry);
    wg__arena_free(&zip->names);
    zip->entry = NULL;
    zip->n = zip->capacity = 0;
}

const wg__zip_entry *wg__zip_find(const wg__zip *zip, const char *name)
{
    for (size_t k = 0; k < zip->n; k++)
        if (!strcmp(zip->entry[k].name, name))
            return &zip->entry[k];
    return NULL;
}
