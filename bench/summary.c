#include "summary.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

const char *const summary_classes[] = {"dense", "depthwise", "pooling", NULL};

/* ---- Results --------------------------------------------------------------------------------------------------- */

static double number(const cJSON *object, const char *name)
{
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const char *text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Which results a group has, and how often each. */
typedef struct group {
    const char *class_name, *network; /* NULL: any */
} group;

static double count_in(const cJSON *result, group g)
{
    const char *class_name = text(result, "class");
    if (g.class_name != NULL && strcmp(class_name, g.class_name) != 0) return 0.0;
    if (g.network == NULL) return number(result, "count");
    if (strcmp(class_name, "pooling") == 0) return 0.0;
    double count = 0.0;
    const cJSON *use = NULL;
    cJSON_ArrayForEach(use, cJSON_GetObjectItemCaseSensitive(result, "uses"))
    {
        if (strcmp(text(use, "network"), g.network) == 0) count += number(use, "count");
    }
    return count;
}

/* Calls `visit` once for each network, in the order in which they appear. */
static void each_network(const cJSON *results, void (*visit)(const cJSON *results, const char *network, void *cookie),
                         void *cookie)
{
    cJSON *seen = cJSON_CreateObject();
    const cJSON *result = NULL, *use = NULL;
    cJSON_ArrayForEach(result, results)
    {
        cJSON_ArrayForEach(use, cJSON_GetObjectItemCaseSensitive(result, "uses"))
        {
            const char *network = text(use, "network");
            if (strcmp(text(result, "class"), "pooling") == 0 || cJSON_HasObjectItem(seen, network)) continue;
            cJSON_AddNullToObject(seen, network);
            visit(results, network, cookie);
        }
    }
    cJSON_Delete(seen);
}

/* ---- Against a peer -------------------------------------------------------------------------------------------- */

/* Adds the figures of a group to `to`; false where the peer does none of its layers. */
static bool add_figures(cJSON *to, const cJSON *results, const char *peer, group g)
{
    double layers = 0, counts = 0, logs = 0, weighted_logs = 0, worst = INFINITY, ours_ms = 0, peer_ms = 0, below = 0;
    const char *worst_problem = "";
    const cJSON *result = NULL;
    cJSON_ArrayForEach(result, results)
    {
        const cJSON *figures =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(result, "peers"), peer);
        const double count = count_in(result, g);
        if (figures == NULL || count == 0.0) continue;
        const double ratio = number(figures, "ratio");
        layers += 1;
        counts += count;
        logs += log(ratio);
        weighted_logs += count * log(ratio);
        ours_ms += count * number(result, "median_ms");
        peer_ms += count * number(figures, "median_ms");
        below += ratio < 1.0 ? 1 : 0;
        if (ratio >= worst) continue;
        worst = ratio;
        worst_problem = text(result, "problem");
    }
    if (layers == 0) return false;
    cJSON_AddNumberToObject(to, "layers", layers);
    cJSON_AddNumberToObject(to, "geomean", exp(logs / layers));
    cJSON_AddNumberToObject(to, "geomean_weighted", exp(weighted_logs / counts));
    cJSON_AddNumberToObject(to, "worst", worst);
    cJSON_AddStringToObject(to, "worst_problem", worst_problem);
    cJSON_AddNumberToObject(to, "network_ratio", peer_ms / ours_ms);
    cJSON_AddNumberToObject(to, "below_one", below);
    return true;
}

/* The same as a member of its own, where there are any. */
static void add_group(cJSON *to, const char *name, const cJSON *results, const char *peer, group g)
{
    cJSON *figures = cJSON_CreateObject();
    if (add_figures(figures, results, peer, g)) {
        cJSON_AddItemToObject(to, name, figures);
    } else {
        cJSON_Delete(figures);
    }
}

typedef struct network_figures {
    cJSON *to;
    const char *peer;
} network_figures;

static void add_network(const cJSON *results, const char *network, void *cookie)
{
    const network_figures *f = cookie;
    add_group(f->to, network, results, f->peer, (group){NULL, network});
}

static void add_peer(cJSON *summary, const cJSON *results, const char *peer)
{
    cJSON *one = cJSON_AddObjectToObject(summary, peer);
    add_figures(one, results, peer, (group){NULL, NULL});
    cJSON *classes = cJSON_AddObjectToObject(one, "classes");
    for (const char *const *c = summary_classes; *c != NULL; ++c)
        add_group(classes, *c, results, peer, (group){*c, NULL});
    network_figures networks = {cJSON_AddObjectToObject(one, "networks"), peer};
    each_network(results, add_network, &networks);
}

cJSON *summary_make(const cJSON *results)
{
    cJSON *summary = cJSON_CreateObject();
    const cJSON *result = NULL, *peer = NULL;
    cJSON_ArrayForEach(result, results)
    {
        cJSON_ArrayForEach(peer, cJSON_GetObjectItemCaseSensitive(result, "peers"))
        {
            if (!cJSON_HasObjectItem(summary, peer->string)) add_peer(summary, results, peer->string);
        }
    }
    return summary;
}

/* ---- Networks -------------------------------------------------------------------------------------------------- */

static void add_network_time(const cJSON *results, const char *network, void *cookie)
{
    double layers = 0, ms = 0;
    const cJSON *result = NULL;
    cJSON_ArrayForEach(result, results)
    {
        const double count = count_in(result, (group){NULL, network});
        layers += count;
        ms += count * number(result, "median_ms");
    }
    cJSON *one = cJSON_AddObjectToObject(cookie, network);
    cJSON_AddNumberToObject(one, "layers", layers);
    cJSON_AddNumberToObject(one, "ms", ms);
}

cJSON *summary_networks(const cJSON *results)
{
    cJSON *networks = cJSON_CreateObject();
    each_network(results, add_network_time, networks);
    return networks;
}

/* ---- For people ------------------------------------------------------------------------------------------------ */

static void print_line(const char *peer, const char *what, const cJSON *figures, FILE *to)
{
    fprintf(to, "%-18s %-20s %6.0f %8.2f %9.2f %8.2f %6.2f  %s\n", peer, what, number(figures, "layers"),
            number(figures, "geomean"), number(figures, "geomean_weighted"), number(figures, "network_ratio"),
            number(figures, "worst"), text(figures, "worst_problem"));
}

static void print_peer(const cJSON *peer, FILE *to)
{
    const cJSON *figures = NULL;
    print_line(peer->string, "all", peer, to);
    cJSON_ArrayForEach(figures, cJSON_GetObjectItemCaseSensitive(peer, "classes"))
    {
        print_line(peer->string, figures->string, figures, to);
    }
    cJSON_ArrayForEach(figures, cJSON_GetObjectItemCaseSensitive(peer, "networks"))
    {
        print_line(peer->string, figures->string, figures, to);
    }
}

/* One line for each layer that is slower than a peer, with the peers that it is slower than. */
static void print_below(const cJSON *results, FILE *to)
{
    const cJSON *result = NULL, *peer = NULL;
    bool any = false;
    cJSON_ArrayForEach(result, results)
    {
        bool named = false;
        cJSON_ArrayForEach(peer, cJSON_GetObjectItemCaseSensitive(result, "peers"))
        {
            const double ratio = number(peer, "ratio");
            if (ratio >= 1.0) continue;
            if (!any) fprintf(to, "\nlayers that are slower than a peer\n");
            if (!named) fprintf(to, "%-44s %-18s", text(result, "problem"), text(result, "algorithm"));
            fprintf(to, " %s %.2f", peer->string, ratio);
            any = named = true;
        }
        if (named) fputc('\n', to);
    }
}

void summary_print(const cJSON *summary, const cJSON *networks, const cJSON *results, FILE *to)
{
    const cJSON *one = NULL;
    if (networks->child != NULL) fprintf(to, "\n%-22s %12s %12s\n", "network", "convolutions", "ms");
    cJSON_ArrayForEach(one, networks)
    {
        fprintf(to, "%-22s %12.0f %12.3f\n", one->string, number(one, "layers"), number(one, "ms"));
    }
    if (summary->child == NULL) return;
    fprintf(to, "\nthe peer's time by ours, above 1 where ours is shorter\n%-18s %-20s %6s %8s %9s %8s %6s  %s\n",
            "peer", "of", "layers", "geomean", "by count", "in sum", "worst", "at");
    cJSON_ArrayForEach(one, summary) print_peer(one, to);
    print_below(results, to);
}
