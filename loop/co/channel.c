/*
 * channel.c - channels: elements copied from one task to another.
 *
 * A queue keeps pointers, and somebody must own what they point to. A channel
 * copies the elements themselves, so that the sender's variable is its own
 * again when send returns. With a capacity of 0 nothing is kept: the sender
 * waits until the receiver is there, and the element goes from one stack to the
 * other. That is a rendezvous, by which two tasks also know where the other is.
 *
 *     senders .. [ ring of `capacity` elements ] .. receivers
 *
 * As in a queue, tasks wait to receive only while the ring is empty, and to
 * send only while it is full; what a waiting task asked for is done before it
 * runs. Closing is for the senders' side to say: no more. What is in the ring
 * can still be received.
 *
 * Each function here is one case of co_select, which waits for several.
 *
 * Read before: queue.c, channel_internal.h. Read after: choose.c.
 * Rests on: Hoare, Communicating Sequential Processes, 1978; channels of Go.
 */
#include "loop/co/channel_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int co_channel_init(struct co_channel *c, size_t size, int capacity)
{
    if (size == 0 || capacity < 0)
        return -EINVAL;
    *c = (struct co_channel){.size = size, .capacity = capacity};
    if (capacity > 0)
        c->ring = base_alloc_array((size_t)capacity, size);
    return 0;
}

void co_channel_fini(struct co_channel *c)
{
    assert(waiters_empty(&c->senders) && waiters_empty(&c->receivers));
    free(c->ring);
    *c = (struct co_channel){0};
}

/* --- the ring ------------------------------------------------------------ */

/* The i-th element from the head. */
static char *at(const struct co_channel *c, int i)
{
    const int to_end = c->capacity - c->head;
    return c->ring + (size_t)(i < to_end ? c->head + i : i - to_end) * c->size;
}

static void put_last(struct co_channel *c, const void *element)
{
    memcpy(at(c, c->n++), element, c->size);
}

static void take_first(struct co_channel *c, void *element)
{
    memcpy(element, at(c, 0), c->size);
    c->head = c->head + 1 == c->capacity ? 0 : c->head + 1;
    c->n--;
}

/* --- one case, without waiting ------------------------------------------- */

struct co_waiters *channel_line(const struct co_case *c)
{
    return c->send != NULL ? &c->channel->senders : &c->channel->receivers;
}

bool channel_can(const struct co_case *c)
{
    const struct co_channel *channel = c->channel;
    if (channel->closed)
        return true;
    return c->send != NULL
               ? channel->n < channel->capacity ||
                     !waiters_empty(&channel->receivers)
               : channel->n > 0 || !waiters_empty(&channel->senders);
}

static int send_now(struct co_channel *c, const void *element)
{
    if (c->closed)
        return -EPIPE;
    struct place *receiver = place_first(&c->receivers);
    if (receiver == NULL) {
        put_last(c, element);
    } else {
        memcpy(receiver->waiter.slot, element, c->size);
        choice_made(receiver, 0);
    }
    return 0;
}

/* From the ring, where the first sender's element follows; or from its hand. */
static int receive_now(struct co_channel *c, void *element)
{
    struct place *sender = place_first(&c->senders);
    if (c->n > 0) {
        take_first(c, element);
        if (sender != NULL)
            put_last(c, sender->waiter.slot);
    } else if (sender != NULL) {
        memcpy(element, sender->waiter.slot, c->size);
    } else {
        return -EPIPE;
    }
    if (sender != NULL)
        choice_made(sender, 0);
    return 0;
}

void channel_do(struct co_case *c)
{
    c->result = c->send != NULL ? send_now(c->channel, c->send)
                                : receive_now(c->channel, c->receive);
}

/* --- sending, receiving, closing ----------------------------------------- */

static int transfer(struct co_case *c)
{
    if (co_running == NULL)
        return -EPERM;
    if (channel_can(c)) {
        channel_do(c);
        return c->result;
    }
    struct place place;
    const int chosen = choice_wait(c, &place, 1);
    return chosen < 0 ? chosen : c->result;
}

int co_channel_send(struct co_channel *c, const void *element)
{
    assert(element != NULL);
    return transfer(&(struct co_case){.channel = c, .send = element});
}

int co_channel_receive(struct co_channel *c, void *element)
{
    assert(element != NULL);
    return transfer(&(struct co_case){.channel = c, .receive = element});
}

void co_channel_close(struct co_channel *c)
{
    c->closed = true;
    struct place *place;
    while ((place = place_first(&c->receivers)) != NULL)
        choice_made(place, -EPIPE);
    while ((place = place_first(&c->senders)) != NULL)
        choice_made(place, -EPIPE);
}
