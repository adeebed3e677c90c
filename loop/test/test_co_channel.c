/*
 * test_co_channel.c - channels and co_select, on every back end.
 *
 * Elements are single letters where the test is about their order; tasks note
 * what they do as words (stage.h).
 *
 * Read before: stage.h, test_co_lock.c.
 */
#include "loop/co/co_internal.h"
#include "loop/test/each.h"
#include "loop/test/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Two, for choosing between them. */
static struct co_channel left, right;

static struct loop *begin(const struct loop *like, int capacity)
{
    assert_int_equal(co_channel_init(&left, 1, capacity), 0);
    assert_int_equal(co_channel_init(&right, 1, capacity), 0);
    return stage_open(like);
}

static bool nobody_waits(void)
{
    return waiters_empty(&left.senders) && waiters_empty(&left.receivers) &&
           waiters_empty(&right.senders) && waiters_empty(&right.receivers);
}

static void end(struct loop *loop)
{
    assert_true(nobody_waits());
    co_channel_fini(&left);
    co_channel_fini(&right);
    stage_close(loop);
}

/* --- tasks: their name is a letter, which is what they send -------------- */

static int sends_to(struct co_channel *c, void *name)
{
    char letter = *(char *)name;
    const int error = co_channel_send(c, &letter);
    letter = '!'; /* it is the sender's again */
    stage_note("+%s:%s", (char *)name, stage_word(error));
    return error;
}

static int sends(void *name)
{
    sends_to(&left, name);
    return 0;
}

static int sends_right(void *name)
{
    sends_to(&right, name);
    return 0;
}

static void note_received(const char *name, int error, char letter)
{
    if (error == 0)
        stage_note("%s:%c", name, letter);
    else
        stage_note("%s:%s", name, stage_word(error));
}

static int receives(void *name)
{
    char letter = '?';
    const int error = co_channel_receive(&left, &letter);
    note_received(name, error, letter);
    return 0;
}

static int within_1ms(co_fn *fn, void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, loop_now(loop_current()) + LOOP_MS);
    fn(name);
    co_deadline_end(&d);
    return 0;
}

static int sends_within_1ms(void *name)
{
    return within_1ms(sends, name);
}

static int receives_within_1ms(void *name)
{
    return within_1ms(receives, name);
}

/* From whichever of the two is first. */
static int receives_from_both(void *name)
{
    char letters[2] = "??";
    struct co_case cases[] = {{.channel = &left, .receive = &letters[0]},
                              {.channel = &right, .receive = &letters[1]}};
    const int chosen = co_select(cases, 2, true);
    if (chosen < 0)
        stage_note("%s:%s", (char *)name, stage_word(chosen));
    else
        note_received(name, cases[chosen].result, letters[chosen]);
    if (chosen >= 0 && letters[1 - chosen] != '?')
        stage_note("both");
    return 0;
}

static int receives_from_both_within_1ms(void *name)
{
    return within_1ms(receives_from_both, name);
}

static int sends_to_both(void *name)
{
    struct co_case cases[] = {{.channel = &left, .send = name},
                              {.channel = &right, .send = name}};
    const int chosen = co_select(cases, 2, true);
    if (chosen < 0)
        stage_note("+%s:%s", (char *)name, stage_word(chosen));
    else
        stage_note("+%s:%s%s", (char *)name, chosen == 0 ? "left," : "right,",
                   stage_word(cases[chosen].result));
    return 0;
}

/* From outside, without waiting; the letter, or '-': there was none. */
static char received_now(struct co_channel *c)
{
    char letter = '-';
    struct co_case one = {.channel = c, .receive = &letter};
    const int chosen = co_select(&one, 1, false);
    assert_true(chosen == 0 || chosen == -EAGAIN);
    return letter;
}

static int sent_now(struct co_channel *c, const char *letter)
{
    struct co_case one = {.channel = c, .send = letter};
    const int chosen = co_select(&one, 1, false);
    return chosen == 0 ? one.result : chosen;
}

/* --- one channel --------------------------------------------------------- */

static void a_rendezvous_waits_for_the_other_side(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, sends, "a");
    stage_settle(loop);
    stage_expect("");
    stage_go(loop, receives, "1");
    stage_settle(loop);
    stage_expect("1:a +a:ok");
    stage_go(loop, receives, "2");
    stage_settle(loop);
    stage_expect("");
    stage_go(loop, sends, "b");
    stage_settle(loop);
    stage_expect("+b:ok 2:b");
    end(loop);
}

static void senders_are_served_in_the_order_of_asking(struct loop *like)
{
    for (int capacity = 0; capacity < 3; capacity++) {
        struct loop *loop = begin(like, capacity);
        stage_go(loop, sends, "a");
        stage_go(loop, sends, "b");
        stage_go(loop, sends, "c");
        stage_go(loop, sends, "d");
        stage_settle(loop);
        stage_expect(capacity == 0   ? ""
                     : capacity == 1 ? "+a:ok"
                                     : "+a:ok +b:ok");
        for (const char *letter = "abcd-"; *letter != '\0'; letter++)
            assert_int_equal(received_now(&left), *letter);
        stage_settle(loop);
        stage_expect(capacity == 0   ? "+a:ok +b:ok +c:ok +d:ok"
                     : capacity == 1 ? "+b:ok +c:ok +d:ok"
                                     : "+c:ok +d:ok");
        end(loop);
    }
}

static void receivers_are_served_in_the_order_of_asking(struct loop *like)
{
    for (int capacity = 0; capacity < 3; capacity++) {
        struct loop *loop = begin(like, capacity);
        stage_go(loop, receives, "1");
        stage_go(loop, receives, "2");
        stage_go(loop, receives, "3");
        stage_settle(loop);
        assert_int_equal(sent_now(&left, "a"), 0);
        assert_int_equal(sent_now(&left, "b"), 0);
        assert_int_equal(received_now(&left), '-'); /* 1 has it, and 2 */
        assert_int_equal(sent_now(&left, "c"), 0);
        stage_settle(loop);
        stage_expect("1:a 2:b 3:c");
        end(loop);
    }
}

static void a_channel_keeps_as_many_as_its_capacity(struct loop *like)
{
    struct loop *loop = begin(like, 3);
    for (int round = 0; round < 5; round++) { /* the ring wraps */
        assert_int_equal(sent_now(&left, "a"), 0);
        assert_int_equal(sent_now(&left, "b"), 0);
        assert_int_equal(sent_now(&left, "c"), 0);
        assert_int_equal(sent_now(&left, "d"), -EAGAIN);
        assert_int_equal(received_now(&left), 'a');
        assert_int_equal(sent_now(&left, "d"), 0);
        assert_int_equal(received_now(&left), 'b');
        assert_int_equal(received_now(&left), 'c');
        assert_int_equal(received_now(&left), 'd');
        assert_int_equal(received_now(&left), '-');
    }
    end(loop);
}

struct parcel {
    size_t size;
    int capacity;
    unsigned char in[600], out[600];
};

static int sends_parcel(void *arg)
{
    struct parcel *p = arg;
    for (int i = 1; i <= 9; i++) {
        memset(p->in, i, p->size);
        co_channel_send(&left, p->in);
    }
    memset(p->in, 0xff, p->size);
    co_channel_close(&left);
    return 0;
}

static int receives_parcels(void *arg)
{
    struct parcel *p = arg;
    char all[600];
    int i = 0;
    while (co_channel_receive(&left, p->out) == 0) {
        memset(all, ++i, p->size);
        if (memcmp(all, p->out, p->size) != 0)
            stage_note("parcel %d damaged", i);
    }
    if (p->out[p->size] != 0xee)
        stage_note("beyond its end");
    stage_note("%d", i);
    return 0;
}

static void elements_of_any_size_are_copied_whole(struct loop *like)
{
    const size_t sizes[] = {1, 3, 8, 24, 599};
    for (int i = 0; i < 5 * 3; i++) {
        static struct parcel p;
        p = (struct parcel){.size = sizes[i / 3], .capacity = i % 3 * 2};
        memset(p.out, 0xee, sizeof p.out);
        struct loop *loop = stage_open(like);
        assert_int_equal(co_channel_init(&left, p.size, p.capacity), 0);
        assert_int_equal(co_go(loop, sends_parcel, &p), 0);
        assert_int_equal(co_go(loop, receives_parcels, &p), 0);
        stage_settle(loop);
        stage_expect("9");
        co_channel_fini(&left);
        stage_close(loop);
    }
}

static void nonsense_is_refused(struct loop *like)
{
    struct co_channel c;
    struct loop *loop = begin(like, 1);
    assert_int_equal(co_channel_init(&c, 0, 1), -EINVAL);
    assert_int_equal(co_channel_init(&c, 1, -1), -EINVAL);
    char letter = 'a';
    assert_int_equal(co_channel_send(&left, &letter), -EPERM);
    assert_int_equal(co_channel_receive(&left, &letter), -EPERM);
    assert_int_equal(left.n, 0);
    struct co_case cases[CO_CASES_MAX + 1];
    for (int i = 0; i <= CO_CASES_MAX; i++)
        cases[i] = (struct co_case){.channel = &left, .send = "a"};
    assert_int_equal(co_select(cases, 0, false), -EINVAL);
    assert_int_equal(co_select(cases, -1, false), -EINVAL);
    assert_int_equal(co_select(cases, CO_CASES_MAX + 1, false), -EINVAL);
    assert_int_equal(co_select(cases, 1, true), -EPERM);
    assert_int_equal(left.n, 0);
    assert_int_equal(co_select(cases, CO_CASES_MAX, false), 0);
    assert_int_equal(received_now(&left), 'a');
    end(loop);
}

/* --- closing ------------------------------------------------------------- */

static void close_wakes_all_receivers(struct loop *like)
{
    for (int capacity = 0; capacity < 2; capacity++) {
        struct loop *loop = begin(like, capacity);
        stage_go(loop, receives, "1");
        stage_go(loop, receives_from_both, "2");
        stage_go(loop, receives, "3");
        stage_settle(loop);
        co_channel_close(&left);
        co_channel_close(&left);
        assert_true(nobody_waits());
        stage_settle(loop);
        stage_expect("1:closed 2:closed 3:closed");
        end(loop);
    }
}

/* What the waiting senders would have sent stays theirs. */
static void what_was_sent_before_close_is_received(struct loop *like)
{
    struct loop *loop = begin(like, 2);
    stage_go(loop, sends, "a");
    stage_go(loop, sends, "b");
    stage_go(loop, sends, "c");
    stage_go(loop, sends_to_both, "d"); /* goes right */
    stage_settle(loop);
    co_channel_close(&left);
    stage_settle(loop);
    stage_expect("+a:ok +b:ok +d:right,ok +c:closed");
    assert_int_equal(sent_now(&left, "e"), -EPIPE);
    stage_go(loop, sends, "e");
    stage_go(loop, receives, "1");
    stage_go(loop, receives, "2");
    stage_go(loop, receives, "3");
    stage_settle(loop);
    stage_expect("+e:closed 1:a 2:b 3:closed");
    assert_int_equal(received_now(&right), 'd');
    end(loop);
}

static void a_closed_case_is_chosen_and_says_so(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    co_channel_close(&right);
    stage_go(loop, receives_from_both, "1");
    stage_go(loop, sends_to_both, "a");
    stage_settle(loop);
    stage_expect("1:closed +a:right,closed");
    end(loop);
}

/* As with a lock: what a woken task waited for, it does not look at again. */
static void a_channel_may_go_when_close_has_woken_all(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, receives_from_both, "1");
    stage_go(loop, receives, "2");
    stage_settle(loop);
    co_channel_close(&left);
    memset(&left, 0xaa, sizeof left);
    memset(&right, 0xaa, sizeof right);
    stage_settle(loop);
    stage_expect("1:closed 2:closed");
    stage_close(loop);
}

/* --- waits that end early ------------------------------------------------ */

static void late_senders_send_nothing(struct loop *like)
{
    struct loop *loop = begin(like, 1);
    assert_int_equal(sent_now(&left, "a"), 0);
    stage_go(loop, sends_within_1ms, "b");
    struct co_task *c = stage_go(loop, sends, "c");
    stage_go(loop, sends, "d");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    co_cancel(c);
    assert_int_equal(received_now(&left), 'a');
    assert_int_equal(received_now(&left), 'd');
    assert_int_equal(received_now(&left), '-');
    stage_settle(loop);
    stage_expect("+b:late +c:cancelled +d:ok");
    end(loop);
}

static void receivers_that_are_late_leave_no_trace(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    for (int i = 0; i < 101; i++)
        stage_go(loop,
                 i % 2 == 0 ? receives_within_1ms
                            : receives_from_both_within_1ms,
                 "");
    stage_go(loop, receives, "last");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    assert_ptr_equal(left.receivers.list.next, left.receivers.list.prev);
    assert_true(waiters_empty(&right.receivers));
    assert_int_equal(sent_now(&left, "a"), 0);
    assert_int_equal(sent_now(&right, "a"), -EAGAIN);
    stage_settle(loop);
    char all[101 * 6 + 10] = "";
    for (int i = 0; i < 101; i++)
        strcat(all, ":late ");
    stage_expect(strcat(all, "last:a"));
    end(loop);
}

/* But what can be done at once is done: only waits are late. */
static int is_late_already(void *name)
{
    struct co_deadline d;
    co_deadline_begin(&d, 0);
    sends(name);
    receives(name);
    receives(name);
    sends_to_both(name);
    receives_from_both(name);
    receives_from_both(name);
    co_cancel(co_current());
    receives_from_both(name);
    co_deadline_end(&d);
    return 0;
}

static void a_deadline_that_has_passed_changes_nothing(struct loop *like)
{
    struct loop *loop = begin(like, 1);
    stage_go(loop, is_late_already, "a");
    stage_settle(loop);
    stage_expect("+a:ok a:a a:late +a:left,ok a:a a:late a:cancelled");
    assert_int_equal(left.n + right.n, 0);
    end(loop);
}

static void on_send(struct loop_timer *t)
{
    stage_note("sent:%s", stage_word(sent_now(&left, t->arg)));
}

/* The timer and the deadlines are due in one pass, the timer first. */
static void a_receive_just_satisfied_is_not_late(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    struct loop_timer t = {0}, u = {0};
    const int64_t deadline_ns = loop_now(loop) + LOOP_MS;
    loop_timer_start(loop, &t, deadline_ns, on_send, "a");
    loop_timer_start(loop, &u, deadline_ns, on_send, "b");
    stage_go(loop, receives_within_1ms, "1");
    stage_go(loop, receives_from_both_within_1ms, "2");
    stage_go(loop, receives_from_both_within_1ms, "3");
    stage_settle(loop);
    stage_advance(loop, LOOP_MS);
    stage_settle(loop);
    stage_expect("sent:ok sent:ok 1:a 2:b 3:late");
    end(loop);
}

static void
a_receiver_cancelled_before_it_runs_has_its_element(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    struct co_task *one = stage_go(loop, receives, "1");
    struct co_task *two = stage_go(loop, receives_from_both, "2");
    stage_settle(loop);
    assert_int_equal(sent_now(&left, "a"), 0);
    co_cancel(one);
    assert_int_equal(sent_now(&right, "b"), 0);
    co_cancel(two);
    stage_settle(loop);
    stage_expect("1:a 2:b");
    end(loop);
}

/* --- co_select ----------------------------------------------------------- */

static void select_does_what_can_be_done(struct loop *like)
{
    struct loop *loop = begin(like, 1);
    assert_int_equal(sent_now(&right, "a"), 0);
    stage_go(loop, receives_from_both, "1");
    stage_settle(loop);
    stage_expect("1:a");
    stage_go(loop, sends_to_both, "b");
    stage_go(loop, sends_to_both, "c");
    stage_settle(loop);
    assert_int_equal(left.n + right.n, 2);
    stage_expect("+b:left,ok +c:right,ok");
    assert_int_equal(received_now(&left), 'b');
    assert_int_equal(received_now(&right), 'c');
    end(loop);
}

static void select_that_may_not_wait_says_that_none_can(struct loop *like)
{
    struct loop *loop = begin(like, 1);
    assert_int_equal(received_now(&left), '-');
    assert_int_equal(sent_now(&left, "a"), 0);
    assert_int_equal(sent_now(&left, "b"), -EAGAIN);
    assert_int_equal(received_now(&left), 'a');
    end(loop);
}

static void select_waits_for_the_first_to_come(struct loop *like)
{
    for (int side = 0; side < 2; side++) {
        struct loop *loop = begin(like, 0);
        stage_go(loop, receives_from_both, "1");
        stage_settle(loop);
        stage_expect("");
        stage_go(loop, side == 0 ? sends : sends_right, "a");
        stage_settle(loop);
        stage_expect("+a:ok 1:a");
        end(loop);
    }
}

/* In one go, before the chosen task runs: the second is not for it. */
static void exactly_one_case_wins(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, receives_from_both, "1");
    stage_settle(loop);
    assert_int_equal(sent_now(&left, "a"), 0);
    assert_true(nobody_waits());
    assert_int_equal(sent_now(&right, "b"), -EAGAIN);
    assert_int_equal(sent_now(&left, "c"), -EAGAIN);
    stage_settle(loop);
    stage_expect("1:a");
    end(loop);
}

static void a_cancelled_select_leaves_no_trace(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    struct co_task *one = stage_go(loop, receives_from_both, "1");
    stage_go(loop, receives_from_both_within_1ms, "2");
    stage_settle(loop);
    co_cancel(one);
    stage_advance(loop, LOOP_MS);
    assert_true(nobody_waits());
    stage_settle(loop);
    stage_expect("1:cancelled 2:late");
    end(loop);
}

static void two_selects_meet(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, receives_from_both, "1");
    stage_go(loop, sends_to_both, "a");
    stage_settle(loop);
    stage_expect("+a:left,ok 1:a");
    stage_go(loop, sends_to_both, "b");
    stage_go(loop, receives_from_both, "2");
    stage_settle(loop);
    /* Left has had its turn, for sending and for receiving. */
    stage_expect("2:b +b:right,ok");
    end(loop);
}

/* It waits in both lines of a rendezvous, and does not meet itself. */
static int sends_or_receives(void *name)
{
    char letter = '?';
    struct co_case cases[] = {{.channel = &left, .send = name},
                              {.channel = &left, .receive = &letter}};
    const int chosen = co_select(cases, 2, true);
    stage_note("%s:%s,%c", (char *)name, chosen == 0 ? "sent" : "received",
               letter);
    return 0;
}

static void a_task_does_not_meet_itself(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, sends_or_receives, "a");
    stage_settle(loop);
    stage_expect("");
    stage_go(loop, sends_or_receives, "b");
    stage_settle(loop);
    stage_expect("b:sent,? a:received,b");
    end(loop);
}

static int receives_twice_the_same(void *name)
{
    char letters[3] = "??";
    struct co_case cases[] = {{.channel = &left, .receive = &letters[0]},
                              {.channel = &left, .receive = &letters[1]}};
    const int chosen = co_select(cases, 2, true);
    stage_note("%s:%d,%s", (char *)name, chosen, letters);
    return 0;
}

static void a_channel_may_be_named_twice(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    stage_go(loop, receives_twice_the_same, "1");
    stage_settle(loop);
    assert_int_equal(sent_now(&left, "a"), 0);
    assert_int_equal(sent_now(&left, "b"), -EAGAIN);
    stage_settle(loop);
    stage_expect("1:0,a?");
    end(loop);
}

/* --- by turns ------------------------------------------------------------ */

/* Chooses n times among n_cases; the indices, as a text. */
static void note_choices(struct co_case *cases, int n_cases, int n)
{
    char indices[64] = "";
    for (int i = 0; i < n; i++)
        snprintf(indices + i, sizeof indices - (size_t)i, "%d",
                 co_select(cases, n_cases, false));
    stage_note("%s", indices);
}

static void several_that_can_be_done_take_turns(struct loop *like)
{
    struct loop *loop = begin(like, 20);
    char in[2];
    struct co_case cases[] = {{.channel = &left, .receive = &in[0]},
                              {.channel = &right, .receive = &in[1]},
                              {.channel = &left, .send = "x"},
                              {.channel = &right, .send = "x"}};
    for (int i = 0; i < 10; i++) {
        assert_int_equal(sent_now(&left, "a"), 0);
        assert_int_equal(sent_now(&right, "b"), 0);
    }
    note_choices(cases, 2, 6);
    stage_expect("010101");
    note_choices(cases, 4, 8);
    stage_expect("23012301");
    /* Where there is no choice no turn is taken. */
    note_choices(cases, 1, 5);
    note_choices(cases, 4, 8);
    stage_expect("00000 23012301");
    while (received_now(&left) != '-' || received_now(&right) != '-')
        continue;
    end(loop);
}

/* Two that choose in turns, each between two of three: none goes without. */
static void no_case_starves_between_two_who_choose(struct loop *like)
{
    struct loop *loop = begin(like, 2);
    struct co_channel middle;
    int counts[2][2] = {{0}};
    assert_int_equal(co_channel_init(&middle, 1, 2), 0);
    for (int i = 0; i < 100; i++) {
        char in;
        struct co_case one[] = {{.channel = &left, .receive = &in},
                                {.channel = &middle, .receive = &in}};
        struct co_case two[] = {{.channel = &middle, .receive = &in},
                                {.channel = &right, .receive = &in}};
        while (sent_now(&left, "a") == 0 || sent_now(&middle, "a") == 0 ||
               sent_now(&right, "a") == 0)
            continue;
        counts[0][co_select(one, 2, false)]++;
        counts[1][co_select(two, 2, false)]++;
    }
    assert_true(counts[0][0] >= 33 && counts[1][1] >= 33);
    assert_true(counts[0][1] + counts[1][0] >= 33);
    while (received_now(&left) != '-' || received_now(&middle) != '-' ||
           received_now(&right) != '-')
        continue;
    co_channel_fini(&middle);
    end(loop);
}

/* --- what co_dump says of those who wait --------------------------------- */

static struct co_queue queue;

static int gets(void *name)
{
    void *item;
    stage_note("%s:%s", (char *)name, stage_word(co_queue_get(&queue, &item)));
    return 0;
}

static void a_dump_says_what_they_wait_for(struct loop *like)
{
    struct loop *loop = begin(like, 0);
    assert_int_equal(co_queue_init(&queue, CO_FIFO, 3, NULL), 0);
    struct co_task *tasks[] = {
        stage_go(loop, receives, "1"), stage_go(loop, sends_right, "a"),
        stage_go(loop, sends_to_both, "b"), stage_go(loop, gets, "2"),
        stage_go(loop, sends_to_both, "c")};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    stage_settle(loop);
    stage_expect("+b:left,ok 1:b");
    co_dump(loop, ends[1]);
    char text[2048] = "";
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    close(ends[1]);
    assert_non_null(strstr(text, "waits: channel to send, for"));
    assert_non_null(strstr(text, "waits: channel, one of 2, for"));
    assert_non_null(strstr(
        text, "waits: an item of a queue with 0 of 3 items, 0 not done, for"));
    co_cancel(tasks[1]);
    co_cancel(tasks[3]);
    co_cancel(tasks[4]);
    stage_settle(loop);
    stage_expect("+a:cancelled 2:cancelled +c:cancelled");
    end(loop);
    co_queue_fini(&queue);
}

int main(void)
{
    const struct each_test tests[] = {
        EACH(a_rendezvous_waits_for_the_other_side),
        EACH(senders_are_served_in_the_order_of_asking),
        EACH(receivers_are_served_in_the_order_of_asking),
        EACH(a_channel_keeps_as_many_as_its_capacity),
        EACH(elements_of_any_size_are_copied_whole),
        EACH(nonsense_is_refused),
        EACH(close_wakes_all_receivers),
        EACH(what_was_sent_before_close_is_received),
        EACH(a_closed_case_is_chosen_and_says_so),
        EACH(a_channel_may_go_when_close_has_woken_all),
        EACH(late_senders_send_nothing),
        EACH(receivers_that_are_late_leave_no_trace),
        EACH(a_deadline_that_has_passed_changes_nothing),
        EACH(a_receive_just_satisfied_is_not_late),
        EACH(a_receiver_cancelled_before_it_runs_has_its_element),
        EACH(select_does_what_can_be_done),
        EACH(select_that_may_not_wait_says_that_none_can),
        EACH(select_waits_for_the_first_to_come),
        EACH(exactly_one_case_wins),
        EACH(a_cancelled_select_leaves_no_trace),
        EACH(two_selects_meet),
        EACH(a_task_does_not_meet_itself),
        EACH(a_channel_may_be_named_twice),
        EACH(several_that_can_be_done_take_turns),
        EACH(no_case_starves_between_two_who_choose),
        EACH(a_dump_says_what_they_wait_for),
    };
    return each_backend(tests, sizeof tests / sizeof *tests);
}
