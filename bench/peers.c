#include "peers.h"
#include "report.h"
#include "tensor.h"
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

/* Their Winograd algorithms round, on integers too. */
static const double peer_tolerance = 1e-3;

/* ---- Choosing -------------------------------------------------------------------------------------------------- */

static int add_wanted(peers_wanted *wanted, const peer_library *library, const char *variant)
{
    for (int i = 0; i < wanted->count; ++i)
        if (strcmp(wanted->item[i].variant, variant) == 0) return EXIT_DONE;
    if (wanted->count == MEASURE_MAX_OTHERS) return report(EXIT_INPUT, "--vs: more than %d", (int)MEASURE_MAX_OTHERS);
    wanted->item[wanted->count].library = library;
    wanted->item[wanted->count++].variant = variant;
    return EXIT_DONE;
}

static int choose_one(const char *name, tsr_layout layout, peers_wanted *wanted)
{
    const bool any = layout == TSR_LAYOUT_ANY;
    for (const peer_library *l = peer_libraries; l->name != NULL; ++l) {
        const bool all = strcmp(name, l->name) == 0;
        bool found = all;
        int failed = EXIT_DONE;
        for (const peer_variant *v = l->variants; v->name != NULL && !failed; ++v) {
            const bool named = !all && strcmp(name, v->name) == 0;
            if (named || (all && (any ? v->any : v->plain))) failed = add_wanted(wanted, l, v->name);
            found = found || named;
        }
        if (failed || found) return failed;
    }
    return report(EXIT_INPUT, "--vs has '%s', which is no peer (--help tells what there is)", name);
}

int peers_choose(const char *list, tsr_layout layout, peers_wanted *wanted)
{
    *wanted = (peers_wanted){0};
    while (list != NULL) {
        char name[64];
        const size_t length = strcspn(list, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, list);
        const int failed = choose_one(name, layout, wanted);
        if (failed) return failed;
        list = list[length] == ',' ? list + length + 1 : NULL;
    }
    return EXIT_DONE;
}

/* ---- Starting -------------------------------------------------------------------------------------------------- */

static bool wants(const peers_wanted *wanted, const peer_library *library)
{
    for (int i = 0; i < wanted->count; ++i)
        if (wanted->item[i].library == library) return true;
    return false;
}

static void leave_out(peers_wanted *wanted, const peer_library *library)
{
    int kept = 0;
    for (int i = 0; i < wanted->count; ++i)
        if (wanted->item[i].library != library) wanted->item[kept++] = wanted->item[i];
    wanted->count = kept;
}

void peers_start(peers_wanted *wanted, const char *folder, cJSON *versions, cJSON *absent)
{
#ifdef _OPENMP
    if (wanted->threads > 0) omp_set_num_threads(wanted->threads);
#endif
    for (const peer_library *l = peer_libraries; l->name != NULL; ++l) {
        if (!wants(wanted, l)) continue;
        const char *version = l->calls != NULL ? l->calls->start(folder) : NULL;
        if (version != NULL) {
            wanted->started[l - peer_libraries] = true;
            cJSON_AddStringToObject(versions, l->name, version);
            continue;
        }
        fprintf(stderr, "%s is absent: install %s%s\n", l->name, l->install,
                l->calls == NULL ? ", and configure with -DTESSERA_PEERS=ON" : "");
        cJSON_AddStringToObject(absent, l->name, l->install);
        leave_out(wanted, l);
    }
}

void peers_stop(peers_wanted *wanted)
{
    for (const peer_library *l = peer_libraries; l->name != NULL; ++l)
        if (wanted->started[l - peer_libraries]) l->calls->stop();
}

/* ---- Layers ---------------------------------------------------------------------------------------------------- */

static int find_same(const peers_layer *all, const peer_library *library, const void *opened)
{
    const char *code = library->calls->implementation(opened);
    for (int i = 0; i < all->count; ++i) {
        if (all->item[i].library == library && all->item[i].same_as < 0 &&
            strcmp(library->calls->implementation(all->item[i].opened), code) == 0)
            return i;
    }
    return -1;
}

/* Runs it once and compares. Where the peer is to be left out, `why` is set. */
static void try_peer(const peer_library *library, void *opened, const float *y, float *found, size_t count, char *why,
                     size_t capacity)
{
    int failed = library->calls->run(opened, 1);
    if (!failed) failed = library->calls->read_result(opened, found);
    const double distance = failed ? 0.0 : verify_distance(found, y, count);
    if (failed) {
        snprintf(why, capacity, "it failed");
    } else if (!(distance <= peer_tolerance)) {
        snprintf(why, capacity, "its result is away by %g of the largest value", distance);
    }
}

static void open_peer(const peers_wanted *wanted, int number, const peer_task *task, const float *y, float *found,
                      cJSON *refused, peers_layer *all)
{
    const peer_library *library = wanted->item[number].library;
    const char *variant = wanted->item[number].variant, *reason = NULL;
    char why[128] = "";
    void *opened = library->calls->open(task, variant, &reason);
    if (opened != NULL) {
        const int same_as = find_same(all, library, opened);
        const size_t count = layer_elements(&task->problem->result);
        if (same_as < 0) try_peer(library, opened, y, found, count, why, sizeof why);
        if (why[0] == '\0') {
            all->item[all->count].library = library;
            all->item[all->count].variant = variant;
            all->item[all->count].opened = opened;
            all->item[all->count++].same_as = same_as;
            return;
        }
        library->calls->close(opened);
        reason = why;
        fprintf(stderr, "%s: %s\n", variant, why);
    }
    cJSON_AddStringToObject(refused, variant, reason);
}

int peers_open(const peers_wanted *wanted, const peer_task *task, const float *y, cJSON *refused, peers_layer *opened)
{
    float *found = malloc(layer_elements(&task->problem->result) * sizeof *found);
    *opened = (peers_layer){0};
    if (found == NULL) return report(EXIT_DEVICE, "out of memory for a peer's result");
    for (int i = 0; i < wanted->count; ++i) open_peer(wanted, i, task, y, found, refused, opened);
    free(found);
    return EXIT_DONE;
}

void peers_close(peers_layer *opened)
{
    for (int i = 0; i < opened->count; ++i) opened->item[i].library->calls->close(opened->item[i].opened);
    opened->count = 0;
}

/* ---- Figures --------------------------------------------------------------------------------------------------- */

void peers_list(const peers_layer *opened, measure_others *others)
{
    others->count = 0;
    for (int i = 0; i < opened->count; ++i) {
        if (opened->item[i].same_as >= 0) continue;
        others->item[others->count++].work =
            (yardstick_work){opened->item[i].library->calls->run, opened->item[i].opened, 0.0};
    }
}

static void add_figures(cJSON *figures, const char *name, const measure_other *measured, const char *implementation)
{
    cJSON *one = cJSON_AddObjectToObject(figures, name);
    cJSON_AddNumberToObject(one, "median_ms", measured->median_ms);
    cJSON_AddNumberToObject(one, "ratio", measured->ratio);
    cJSON_AddStringToObject(one, "implementation", implementation);
}

/* A library that is used in several ways has a best one for each layer. */
static void add_best(cJSON *figures, const peers_layer *opened, const measure_other *const *measured,
                     const peer_library *library)
{
    int best = -1, ways = 0;
    for (int i = 0; i < opened->count; ++i) {
        if (opened->item[i].library != library) continue;
        ++ways;
        if (best < 0 || measured[i]->ratio < measured[best]->ratio) best = i;
    }
    char name[64];
    snprintf(name, sizeof name, "%s-best", library->name);
    if (ways > 1) add_figures(figures, name, measured[best], opened->item[best].variant);
}

cJSON *peers_figures(const peers_layer *opened, const measure_others *others)
{
    cJSON *figures = cJSON_CreateObject();
    const measure_other *measured[MEASURE_MAX_OTHERS];
    int next = 0;
    for (int i = 0; i < opened->count; ++i) {
        const int same_as = opened->item[i].same_as;
        measured[i] = same_as >= 0 ? measured[same_as] : &others->item[next++];
        add_figures(figures, opened->item[i].variant, measured[i],
                    opened->item[i].library->calls->implementation(opened->item[i].opened));
    }
    for (const peer_library *l = peer_libraries; l->name != NULL; ++l) add_best(figures, opened, measured, l);
    return figures;
}
