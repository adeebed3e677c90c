/*
 * watch_term.c - see watch_term.h.
 *
 * Rests on: termios(3), ioctl_tty(2) TIOCGWINSZ, console_codes(4).
 * Read before: watch_term.h. Read after: watch.c.
 */
#include "watch_term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before; /* valid if there is a terminal */
static bool ours;             /* it is in our mode */

void watch_term_leave(void)
{
    if (ours)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    ours = false;
}

void watch_term_again(void)
{
    struct termios mode = before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    ours = tcsetattr(STDIN_FILENO, TCSADRAIN, &mode) == 0;
}

bool watch_term_enter(void)
{
    static bool at_exit;
    if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before) == -1)
        return false;
    if (!at_exit)
        at_exit = atexit(watch_term_leave) == 0;
    watch_term_again();
    return ours;
}

void watch_term_clear(void)
{
    fputs("\033[H\033[J", stdout);
}

int watch_term_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* An arrow is ESC [ A, a function key ESC [ 1 5 ~: see ECMA-48, 5.4. */
static int without_sequences(unsigned char byte)
{
    static enum { PLAIN, ESCAPE, SEQUENCE } state;
    switch (state) {
    case ESCAPE:
        state = byte == '[' || byte == 'O' ? SEQUENCE : PLAIN;
        return state == SEQUENCE ? 0 : byte;
    case SEQUENCE:
        if (byte >= 0x40 && byte <= 0x7e)
            state = PLAIN;
        return 0;
    default:
        state = byte == '\033' ? ESCAPE : PLAIN;
        return state == ESCAPE ? 0 : byte;
    }
}

int watch_term_key(void)
{
    unsigned char byte;
    const ssize_t n = read(STDIN_FILENO, &byte, 1);
    if (n == -1 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0 || byte == 4) /* Ctrl-D: the end, without ICANON */
        return -1;
    return without_sequences(byte);
}
