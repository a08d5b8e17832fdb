#include "policy/expr/error.h"

#include <stdarg.h>
#include <stdio.h>

bool expr_fail(struct expr_error *error, struct span where, const char *format,
               ...)
{
    va_list arguments;

    error->offset = where.offset;
    error->length = where.length;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return false;
}
