/* Rows of an uncompressed .npy array, in a file of its own or inside an archive. */
#ifndef WG_IO_DATA_NPY_H
#define WG_IO_DATA_NPY_H

#include "io/data.h"
#include "io/file.h"
#include "io/npy_header.h"

/* Lets `data` read rows from `file`, whose first element is at `offset`; takes the file over, also on failure. Fortran
 * order is read whole at once, for its rows lie scattered. Shape and type must be set. */
wg_status wg__data_from_file(wg_data *, wg__file *, uint64_t offset, const wg__npy_header *);

#endif
