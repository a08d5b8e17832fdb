#include "config/header_file.h"

#include "config/file.h"
#include "policy/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Source: RFC 9110 section 5.6.2, token. */
static bool is_of_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static const char *find_fault(struct str line)
{
    size_t name = 0;

    while (name < line.len && is_of_name(line.data[name]))
        name++;
    if (name == 0 || name == line.len || line.data[name] != ':')
        return "it is not as `Name: value`";
    for (size_t i = name; i < line.len; i++)
        if (line.data[i] == '\n' || line.data[i] == '\r')
            return "it has more than one line";
        else if ((unsigned char)line.data[i] < ' ' && line.data[i] != '\t')
            return "it has a control character";
    line = str_skip(line, name + 1);
    while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t'))
        line = str_skip(line, 1);
    return line.len > 0 ? NULL : "its header has no value";
}

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

static bool take(const struct file *file, char *header, char *why)
{
    struct str line = { file->bytes, file->len };
    const char *fault;

    while (line.len > 0 && is_line_break(line.data[line.len - 1]))
        line.len--;
    fault = find_fault(line);
    if (fault) {
        snprintf(why, HEADER_FILE_WHY_SIZE, "%s", fault);
        return false;
    }
    memcpy(header, line.data, line.len);
    header[line.len] = '\0';
    return true;
}

bool header_file_read(const char *path,
                      char header[static HEADER_FILE_BYTES_MAX + 1],
                      char why[static HEADER_FILE_WHY_SIZE])
{
    struct file file;
    bool is_good;

    switch (file_read(&file, path, HEADER_FILE_BYTES_MAX)) {
    case FILE_READ:
        is_good = take(&file, header, why);
        free(file.bytes);
        return is_good;
    case FILE_TOO_LONG:
        snprintf(why, HEADER_FILE_WHY_SIZE, "it is longer than %d bytes",
                 HEADER_FILE_BYTES_MAX);
        return false;
    case FILE_FAILED:
        snprintf(why, HEADER_FILE_WHY_SIZE, "%s", strerror(errno));
        return false;
    }
    return false;
}
