#include "connectors/salesforce/id.h"

#include <string.h>

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

bool ds_sf_id(const char *text, char out[DS_SF_ID])
{
    static const char checks[] = CAPITALS "012345";
    size_t len = strspn(text, CAPITALS "abcdefghijklmnopqrstuvwxyz0123456789");

    if ((len != 15 && len != 18) || text[len] != '\0')
        return false;
    memcpy(out, text, 15);
    for (size_t block = 0; block < 3; block++) {
        unsigned bits = 0;

        for (size_t i = 0; i < 5; i++)
            bits |= (unsigned)(strchr(CAPITALS, out[block * 5 + i]) != NULL) << i;
        out[15 + block] = checks[bits];
    }
    out[18] = '\0';
    return true;
}
