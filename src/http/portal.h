// SPDX-License-Identifier: Apache-2.0
//
// The files of the portal, compressed, as the build embedded them.
#ifndef TWI_HTTP_PORTAL_H
#define TWI_HTTP_PORTAL_H

typedef struct twi_portal_file {
    const char *path;                // "/index.html"; NULL ends the table
    const char *hash;                // of the content, for the ETag
    const unsigned char *data, *end; // gzip
} twi_portal_file;

extern const twi_portal_file twi_portal_files[];

#endif
