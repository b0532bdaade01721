#include "text.h"

#include <stdio.h>

tsr__text tsr__text_over(char *data, size_t capacity)
{
    data[0] = '\0';
    return (tsr__text){.data = data, .capacity = capacity};
}

void tsr__text_add_list(tsr__text *text, const char *format, va_list list)
{
    const size_t room = text->capacity - text->length;
    const int wanted = vsnprintf(text->data + text->length, room, format, list);
    if (wanted < 0 || (size_t)wanted >= room) {
        text->cut = true;
        text->length = text->capacity - 1;
        return;
    }
    text->length += (size_t)wanted;
}

void tsr__text_add(tsr__text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tsr__text_add_list(text, format, list);
    va_end(list);
}
