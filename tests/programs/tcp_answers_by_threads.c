// Threads that each serve several connections, and wait for one another between: every client gets
// all answers in their order.
#include "connections.h"

#include <pthread.h>

enum { THREADS = 3, CLIENTS = 3, ROUNDS = 30 };

static int listeners[THREADS];
static struct sockaddr_in places[THREADS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int served;

static void *serve(void *place) {
    int connections[CLIENTS], epoll = epoll_create1(EPOLL_CLOEXEC);
    accept_all(*(int *)place, epoll, connections, CLIENTS);
    for (int round = 0; round < ROUNDS; round++) {
        struct epoll_event events[CLIENTS];
        await(epoll, events, CLIENTS);
        for (int i = 0; i < CLIENTS; i++) {
            char bytes[32];
            int connection = connections[events[i].data.u32];
            CHECK(read(connection, bytes, sizeof bytes) == 4);
            CHECK(write(connection, bytes, 4) == 4);
            if (i == 1) {
                pthread_mutex_lock(&lock);
                served++;
                pthread_mutex_unlock(&lock);
                sched_yield();
            }
            CHECK(read(connection, bytes, sizeof bytes) == -1 && errno == EAGAIN);
            CHECK(write(connection, "more", 4) == 4);
        }
    }
    return NULL;
}

static void ask(void) {
    int connections[THREADS][CLIENTS];
    for (int thread = 0; thread < THREADS; thread++) {
        for (int i = 0; i < CLIENTS; i++) {
            connections[thread][i] = connected(&places[thread]);
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[8];
        for (int i = 0; i < CLIENTS * THREADS; i++) {
            snprintf(bytes, sizeof bytes, "%04d", round * 100 + i);
            CHECK(write(connections[i % THREADS][i / THREADS], bytes, 4) == 4);
        }
        for (int i = 0; i < CLIENTS * THREADS; i++) {
            char expected[9];
            snprintf(expected, sizeof expected, "%04dmore", round * 100 + i);
            read_exactly(connections[i % THREADS][i / THREADS], bytes, 8);
            CHECK(!memcmp(bytes, expected, 8));
        }
    }
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        listeners[i] = listening(&places[i]);
    }
    pid_t child = fork();
    if (!child) {
        ask();
        _exit(0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(!pthread_create(&threads[i], NULL, serve, &listeners[i]));
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(!pthread_join(threads[i], NULL));
    }
    CHECK(wait_status(child) == 0 && served == THREADS * ROUNDS);
    puts("ok");
}
