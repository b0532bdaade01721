#include "options.h"
#include "report.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RULES = 30, HELP_VALUE = 256 };

const char *const options_auto_pads[] = {"notset", "same-upper", "same-lower", "valid", NULL};

/* One whole number from *text on, which moves behind it. */
static bool take_number(const char **text, int64_t *value)
{
    /* strtoll would also take spaces and a plus sign. */
    const char first = (*text)[0] == '-' ? (*text)[1] : (*text)[0];
    if (first < '0' || first > '9') return false;
    char *end;
    errno = 0;
    const long long number = strtoll(*text, &end, 10);
    if (errno != 0) return false;
    *value = number;
    *text = end;
    return true;
}

static bool take_sizes(const char *text, option_sizes *sizes)
{
    do {
        if (sizes->count == OPTIONS_MAX_SIZES || !take_number(&text, &sizes->size[sizes->count])) return false;
        ++sizes->count;
    } while (*text++ == ',');
    return text[-1] == '\0';
}

static bool store_sizes(const option_rule *rule, const char *value)
{
    option_sizes *sizes = rule->target;
    const bool pads = rule->kind == OPTION_PADS;
    *sizes = (option_sizes){.name = rule->name, .text = value};
    const bool good = take_sizes(value, sizes);
    if (good && (sizes->count <= TSR_AXES || (pads && sizes->count % 2 == 0))) return true;
    report(EXIT_INPUT, "--%s is '%s'; expected %s", rule->name, value,
           pads ? "1 to 4 or 6 whole numbers separated by commas (as 1 or 0,0,1,1)"
                : "1 to 3 whole numbers separated by commas (as 2 or 2,1)");
    return false;
}

static bool store_size(const option_rule *rule, const char *value)
{
    const char *text = value;
    if (take_number(&text, rule->target) && *text == '\0') return true;
    report(EXIT_INPUT, "--%s is '%s'; expected a whole number", rule->name, value);
    return false;
}

static bool store_word(const option_rule *rule, const char *value)
{
    char expected[128] = "";
    for (int word = 0; rule->words[word] != NULL; ++word) {
        if (strcmp(rule->words[word], value) == 0) {
            *(int *)rule->target = word;
            return true;
        }
        const size_t used = strlen(expected);
        snprintf(expected + used, sizeof expected - used, "%s%s", word > 0 ? " or " : "", rule->words[word]);
    }
    report(EXIT_INPUT, "--%s is '%s'; expected %s", rule->name, value, expected);
    return false;
}

static bool store_text(option_texts *texts, const char *text, const char *what)
{
    if (texts->count == OPTIONS_MAX_TEXTS) {
        report(EXIT_INPUT, "%s is given more than %d times", what, OPTIONS_MAX_TEXTS);
        return false;
    }
    texts->text[texts->count++] = text;
    return true;
}

static bool store(const option_rule *rule, const char *value)
{
    switch (rule->kind) {
    case OPTION_FLAG:
        *(bool *)rule->target = true;
        return true;
    case OPTION_TEXT:
        *(const char **)rule->target = value;
        return true;
    case OPTION_TEXTS:
        return store_text(rule->target, value, rule->name);
    case OPTION_SIZE:
        return store_size(rule, value);
    case OPTION_AXES:
    case OPTION_PADS:
        return store_sizes(rule, value);
    case OPTION_WORD:
        return store_word(rule, value);
    }
    return false;
}

/* The table in the form that getopt_long() reads: an option's value is its position in the rules, from 1. */
static void fill_getopt(const option_table *table, struct option *options, char *letters)
{
    int count = 0;
    *letters++ = ':'; /* so that a missing value is told from an unknown option */
    for (; count < table->rule_count && count < MAX_RULES; ++count) {
        const option_rule *rule = &table->rules[count];
        const int has_value = rule->kind == OPTION_FLAG ? no_argument : required_argument;
        options[count] = (struct option){rule->name, has_value, NULL, count + 1};
        if (rule->letter == 0) continue;
        *letters++ = rule->letter;
        if (has_value == required_argument) *letters++ = ':';
    }
    options[count++] = (struct option){"help", no_argument, NULL, HELP_VALUE};
    options[count] = (struct option){0};
    *letters++ = 'h';
    *letters = '\0';
}

/* The rule of what getopt_long() found: a position from 1, or a letter. */
static const option_rule *find_rule(const option_table *table, int found)
{
    if (found <= table->rule_count) return &table->rules[found - 1];
    for (int i = 0; i < table->rule_count; ++i)
        if (table->rules[i].letter == found) return &table->rules[i];
    return NULL;
}

static option_outcome refuse_usage(const char *problem, const char *detail)
{
    report(EXIT_INPUT, "%s%s (--help tells what there is)", problem, detail);
    return OPTIONS_WRONG;
}

/* An option that getopt_long() did not take. In optopt it leaves an unknown letter; 0 after an unknown name; and after
 * a value for an option that has none, that option's position in the rules. */
static option_outcome refuse_option(char **argv)
{
    if (optopt <= MAX_RULES || optopt == HELP_VALUE) {
        return refuse_usage(optopt == 0 ? "unknown option: " : "this option takes no value: ", argv[optind - 1]);
    }
    const char letter[] = {'-', (char)optopt, '\0'};
    return refuse_usage("unknown option: ", letter);
}

static option_outcome take_arguments(const option_table *table, int argc, char **argv, option_texts *arguments)
{
    const int count = argc - optind;
    if (count > table->arguments_max) {
        return refuse_usage("unexpected argument: ", argv[optind + table->arguments_max]);
    }
    if (count < table->arguments_min) return refuse_usage("missing argument: expected ", table->argument_names);
    for (; optind < argc; ++optind)
        if (!store_text(arguments, argv[optind], table->argument_names)) return OPTIONS_WRONG;
    return OPTIONS_GO;
}

/* The word of the command line that getopt_long() just took as an option. */
static const char *option_word(char **argv)
{
    const bool value_apart = optarg != NULL && optarg == argv[optind - 1];
    return argv[optind - (value_apart ? 2 : 1)];
}

/* getopt_long() also takes the beginning of a name, which would change its meaning when options are added. */
static bool is_abbreviated(const char *word, const char *name)
{
    return strncmp(word, "--", 2) == 0 && strcspn(word + 2, "=") != strlen(name);
}

/* "--json --device 1": the value was forgotten. */
static bool is_value_missing(char **argv)
{
    return optarg != NULL && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0;
}

/* Stores an option's value. Of two values one would be dropped in silence, so that most options are given once. */
static option_outcome take_option(const option_table *table, const option_rule *rule, uint32_t *given)
{
    const uint32_t bit = UINT32_C(1) << (rule - table->rules);
    if (!store(rule, optarg)) return OPTIONS_WRONG;
    if (rule->kind != OPTION_TEXTS && (*given & bit)) return refuse_usage("this option is given twice: --", rule->name);
    *given |= bit;
    return OPTIONS_GO;
}

option_outcome options_parse(const option_table *table, int argc, char **argv, option_texts *arguments)
{
    struct option options[MAX_RULES + 2];
    char letters[2 * MAX_RULES + 4];
    uint32_t given = 0; /* a bit for each rule */
    fill_getopt(table, options, letters);

    optind = 0; /* starts afresh, with "options first" reordering */
    for (;;) {
        const int found = getopt_long(argc, argv, letters, options, NULL);
        if (found == -1) return take_arguments(table, argc, argv, arguments);
        if (found == '?') return refuse_option(argv);
        if (found == ':') return refuse_usage("missing value after ", argv[optind - 1]);
        const option_rule *rule = find_rule(table, found);
        if (is_abbreviated(option_word(argv), rule == NULL ? "help" : rule->name))
            return refuse_usage("unknown option: ", option_word(argv));
        if (found == HELP_VALUE || found == 'h') {
            fputs(table->help, stdout);
            return OPTIONS_HELP;
        }
        if (is_value_missing(argv)) return refuse_usage("missing value after ", option_word(argv));
        if (rule == NULL || take_option(table, rule, &given) != OPTIONS_GO) return OPTIONS_WRONG;
    }
}

/* ---- What the numbers say about a problem ---------------------------------------------------------------------- */

static int check_sizes(const option_sizes *sizes, int space, bool pads, int64_t least)
{
    if (sizes->count != 1 && sizes->count != space && !(pads && sizes->count == 2 * space)) {
        char counts[32];
        snprintf(counts, sizeof counts, space > 1 ? "1%s%d" : "1", pads ? ", " : " or ", space);
        if (pads) snprintf(counts + strlen(counts), sizeof counts - strlen(counts), " or %d", 2 * space);
        return report(EXIT_INPUT, "--%s is '%s'; expected %s whole number%s for %d ax%s of space", sizes->name,
                      sizes->text, counts, space > 1 || pads ? "s" : "", space, space > 1 ? "es" : "is");
    }
    for (int i = 0; i < sizes->count; ++i) {
        if (sizes->size[i] >= least) continue;
        return report(EXIT_INPUT, "--%s is '%s'; expected numbers of %" PRId64 " or more", sizes->name, sizes->text,
                      least);
    }
    return EXIT_DONE;
}

int options_spread_axes(const option_sizes *sizes, int space, int64_t least, int64_t target[TSR_AXES])
{
    if (sizes->count == 0) return EXIT_DONE;
    const int failed = check_sizes(sizes, space, false, least);
    if (failed) return failed;
    for (int i = 0; i < space; ++i) target[TSR_AXES - space + i] = sizes->size[sizes->count == 1 ? 0 : i];
    return EXIT_DONE;
}

int options_spread_pads(const option_sizes *sizes, int space, int64_t begin[TSR_AXES], int64_t end[TSR_AXES])
{
    if (sizes->count == 0) return EXIT_DONE;
    const int failed = check_sizes(sizes, space, true, 0);
    if (failed) return failed;
    for (int i = 0; i < space; ++i) {
        const int axis = TSR_AXES - space + i;
        begin[axis] = sizes->size[sizes->count == 1 ? 0 : i];
        end[axis] = sizes->count == 2 * space ? sizes->size[space + i] : begin[axis];
    }
    return EXIT_DONE;
}

int options_check_least(const char *name, int64_t value, int64_t least)
{
    if (value == OPTION_ABSENT || value >= least) return EXIT_DONE;
    return report(EXIT_INPUT, "--%s is %" PRId64 "; expected %" PRId64 " or more", name, value, least);
}

option_outcome options_missing(const char *option)
{
    return refuse_usage("missing option: ", option);
}

option_outcome options_exclude(const char *name, const option_given *others, int count)
{
    for (int i = 0; i < count; ++i) {
        if (!others[i].given) continue;
        report(EXIT_INPUT, "--%s and --%s are given; expected one of them", name, others[i].name);
        return OPTIONS_WRONG;
    }
    return OPTIONS_GO;
}
