/* ONNX Runtime, in a child that works only while this process waits for it (onnxruntime_child.py). */
#include "peer.h"
#include "report.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct runtime_child {
    pid_t pid;
    FILE *to, *from;
    const char *folder;
    char answer[512];
} runtime_child;

/* There is one, as there is one of the other libraries in a process. */
static runtime_child child;

typedef struct runtime_layer {
    size_t y_count;
} runtime_layer;

/* ---- The child ------------------------------------------------------------------------------------------------- */

static void run_child(int from_parent, int to_parent, const char *folder)
{
    dup2(from_parent, STDIN_FILENO);
    dup2(to_parent, STDOUT_FILENO);
    execl(TESSERA_PEERS_PYTHON, TESSERA_PEERS_PYTHON, TESSERA_PEERS_FOLDER "/onnxruntime_child.py", folder,
          (char *)NULL);
    _exit(127);
}

static bool read_answer(void)
{
    if (fgets(child.answer, sizeof child.answer, child.from) == NULL) return false;
    child.answer[strcspn(child.answer, "\n")] = '\0';
    return true;
}

static void stop(void)
{
    if (child.to != NULL) fclose(child.to); /* its input ends, and so does it */
    if (child.from != NULL) fclose(child.from);
    if (child.pid > 0) waitpid(child.pid, NULL, 0);
    child = (runtime_child){0};
}

static const char *start(const char *folder)
{
    static char version[sizeof child.answer];
    int down[2], up[2];
    signal(SIGPIPE, SIG_IGN); /* a child that ended is told by the answer that does not come */
    if (pipe(down) != 0) return NULL;
    if (pipe(up) != 0) {
        close(down[0]), close(down[1]);
        return NULL;
    }
    child = (runtime_child){.pid = fork(), .folder = folder};
    if (child.pid == 0) {
        close(down[1]), close(up[0]);
        run_child(down[0], up[1], folder);
    }
    close(down[0]), close(up[1]);
    child.to = fdopen(down[1], "w");
    child.from = fdopen(up[0], "r");
    if (child.pid > 0 && child.to != NULL && child.from != NULL && read_answer()) {
        memcpy(version, child.answer, sizeof version);
        return version;
    }
    stop();
    return NULL;
}

/* The answer to a command that was written: NULL, or why it is refused. */
static const char *ask(void)
{
    if (fflush(child.to) != 0 || !read_answer()) return "the child with ONNX Runtime ended";
    return strcmp(child.answer, "ok") == 0 ? NULL : child.answer;
}

static int ask_well(void)
{
    const char *refused = ask();
    return refused == NULL ? EXIT_DONE : report(EXIT_DEVICE, "ONNX Runtime failed: %s", refused);
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

static FILE *open_tensor(const char *name, const char *mode)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", child.folder, name);
    return fopen(path, mode);
}

static bool write_tensor(const char *name, const float *data, size_t count)
{
    FILE *file = open_tensor(name, "wb");
    if (file == NULL) return false;
    const bool written = fwrite(data, sizeof *data, count, file) == count;
    return fclose(file) == 0 && written;
}

static int read_result(void *opened, float *result)
{
    const size_t count = ((const runtime_layer *)opened)->y_count;
    fputs("{\"do\": \"read\"}\n", child.to);
    const int failed = ask_well();
    if (failed) return failed;
    FILE *file = open_tensor("y", "rb");
    const bool good = file != NULL && fread(result, sizeof *result, count, file) == count;
    if (file != NULL) fclose(file);
    return good ? EXIT_DONE : report(EXIT_DEVICE, "cannot read what ONNX Runtime wrote");
}

/* ---- Layers ---------------------------------------------------------------------------------------------------- */

static void write_pair(const char *name, const int64_t pair[2])
{
    fprintf(child.to, ", \"%s\": [%lld, %lld]", name, (long long)pair[0], (long long)pair[1]);
}

static void write_layer(const peer_layer *one, int threads)
{
    static const char *const pools[] = {
        [TSR_POOL_MAX] = "max", [TSR_POOL_AVG] = "avg", [TSR_POOL_AVG_INCLUDE_PAD] = "avgpad"};
    fprintf(child.to,
            "{\"do\": \"open\", \"kind\": \"%s\", \"threads\": %d, \"n\": %lld, \"c\": %lld, \"k\": %lld, "
            "\"groups\": %lld",
            one->is_conv ? "conv" : pools[one->kind], threads, (long long)one->n, (long long)one->c, (long long)one->k,
            (long long)one->groups);
    write_pair("in", one->in);
    write_pair("out", one->out);
    write_pair("filter", one->filter);
    write_pair("stride", one->stride);
    write_pair("dilation", one->dilation);
    write_pair("pad_begin", one->pad_begin);
    write_pair("pad_end", one->pad_end);
    fputs("}\n", child.to);
}

static const char *open_in_child(const peer_task *task, runtime_layer *opened)
{
    peer_layer one;
    const char *refused = peer_describe_forward(task->problem, &one);
    if (refused != NULL) return refused;
    opened->y_count = (size_t)(one.n * one.k * one.out[0] * one.out[1]);
    const size_t x_count = (size_t)(one.n * one.c * one.in[0] * one.in[1]);
    const size_t w_count = (size_t)(one.k * (one.c / one.groups) * one.filter[0] * one.filter[1]);
    if (!write_tensor("x", task->x, x_count) || (one.is_conv && !write_tensor("w", task->w, w_count)))
        return "its tensors cannot be written to files";
    write_layer(&one, task->threads);
    return ask();
}

static void *open_layer(const peer_task *task, const char *variant, const char **refused)
{
    (void)variant;
    runtime_layer *opened = calloc(1, sizeof *opened);
    *refused = opened != NULL ? open_in_child(task, opened) : "out of memory";
    if (*refused == NULL) return opened;
    free(opened);
    return NULL;
}

static int run(void *opened, int count)
{
    (void)opened;
    fprintf(child.to, "{\"do\": \"run\", \"count\": %d}\n", count);
    return ask_well();
}

static const char *implementation(const void *opened)
{
    (void)opened;
    return "CPUExecutionProvider";
}

static void close_layer(void *opened)
{
    fputs("{\"do\": \"close\"}\n", child.to);
    ask_well();
    free(opened);
}

const peer_calls peer_onnxruntime = {start, stop, open_layer, run, read_result, implementation, close_layer};
