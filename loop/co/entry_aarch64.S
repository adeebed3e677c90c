/*
 * entry_aarch64.S - void context_entry(void): where a new context begins.
 *
 *     x19 the resumer's context    x20 function    x21 its argument
 *
 * It jumps, and has rules of unwinding in bytes, for the reasons given in
 * entry_x86_64.S; registers 19 to 30 were saved in order where x19 points.
 *
 * Read before: context_aarch64.S. Rests on: DWARF 4, 6.4.2 and 7.7.
 */
#include "loop/co/context.h"

    .globl context_entry
    .type context_entry, %function
context_entry:
    .cfi_startproc
    .cfi_escape 0x0f, 4, 0x83, CONTEXT_SP | 0x80, 0, 0x06
.irp register, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    .cfi_escape 0x10, \register, 3, 0x83, CONTEXT_X19 + (\register - 19) * 8 | 0x80, 0
.endr
    mov x0, x21
    adr x30, 1f
    br x20
1:  brk #1
    .cfi_endproc
    .size context_entry, . - context_entry

    .section .note.GNU-stack, "", %progbits
