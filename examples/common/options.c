#include "options.h"
#include "complain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool take_value(const option *named, const char *value)
{
    if (value == NULL) return complain("%s: its value is missing", named->name);
    if (named->text != NULL) {
        *named->text = value;
        return true;
    }
    char *end = NULL;
    const long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || number < named->least || number > named->most) {
        return complain("%s %s: expected a whole number from %d to %d", named->name, value, named->least, named->most);
    }
    *named->number = (int)number;
    return true;
}

parsed options_parse(int count, char **words, const option *list, size_t length)
{
    for (int i = 1; i < count; ++i) {
        if (strcmp(words[i], "--help") == 0) return PARSED_HELP;
        const bool dashed = words[i][0] == '-';
        const option *named = NULL;
        for (size_t j = 0; j < length; ++j)
            if (strcmp(list[j].name, dashed ? words[i] : "") == 0) named = &list[j];
        if (named == NULL) {
            complain("%s: %s; --help tells more", words[i], dashed ? "unknown option" : "not expected");
            return PARSED_WRONG;
        }
        if (!dashed && *named->text != NULL) {
            complain("%s: not expected behind %s; --help tells more", words[i], *named->text);
            return PARSED_WRONG;
        }
        if (!take_value(named, dashed ? words[i + 1] : words[i])) return PARSED_WRONG;
        if (dashed) ++i;
    }
    return PARSED;
}

bool options_folder(const char *name, const char *path)
{
    struct stat found;
    if (path == NULL || (stat(path, &found) == 0 && S_ISDIR(found.st_mode))) return true;
    return complain("%s %s: expected a folder that exists", name, path);
}
