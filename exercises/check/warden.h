/*
 * warden.h - what the warden and those outside of the jail say to each other
 * through the gate, a SOCK_SEQPACKET socket that is descriptor 3 of the warden.
 *
 *     program (before exec)  WARDEN_READY      with its pid, by SCM_CREDENTIALS
 *     outside                any packet        go
 *     program                WARDEN_NOEXEC     exec failed
 *     warden                 WARDEN_ENDED, ... the last one
 *
 * Read before: jail.h. Read after: warden.c.
 */
#ifndef CHECK_WARDEN_H
#define CHECK_WARDEN_H

enum warden_kind {
    WARDEN_READY,
    WARDEN_NOEXEC, /* status: the errno value */
    WARDEN_ENDED,  /* status: as of wait(2) */
    WARDEN_MEMORY, /* the warden ended it: too much of this */
    WARDEN_CPU,
    WARDEN_WALL,
};

struct warden_word {
    enum warden_kind kind;
    int status;
    int left; /* processes that the program left behind */
};

enum { WARDEN_GATE = 3 };

#endif
