/*
 * context_aarch64.S - int context_switch(struct context *, struct context *, int)
 *
 *     x0 from    x1 to    w2 value    w0 result    x3 scratch
 *     saved: x19-x28, x29 (frame), x30 (return address), sp, d8-d15
 *
 * It leaves by `br`, and context_entry, where x19 points to the context of whoever
 * resumed the task, has such rules for debuggers, as in context_x86_64.S.
 *
 * Read before: context.h. Rests on: AAPCS64, 6.1.1 and 6.1.2; DWARF 4, 6.4.
 */
#include "loop/co/context.h"

    .globl context_switch, context_entry
    .type context_switch, %function
context_switch:
    .cfi_startproc
    mov x3, sp
    stp x19, x20, [x0, CONTEXT_X19]
    stp x21, x22, [x0, CONTEXT_X21]
    stp x23, x24, [x0, CONTEXT_X23]
    stp x25, x26, [x0, CONTEXT_X25]
    stp x27, x28, [x0, CONTEXT_X27]
    stp x29, x30, [x0, CONTEXT_X29]
    str x3, [x0, CONTEXT_SP]
    stp d8, d9, [x0, CONTEXT_D8]
    stp d10, d11, [x0, CONTEXT_D10]
    stp d12, d13, [x0, CONTEXT_D12]
    stp d14, d15, [x0, CONTEXT_D14]
    ldp x19, x20, [x1, CONTEXT_X19]
    ldp x21, x22, [x1, CONTEXT_X21]
    ldp x23, x24, [x1, CONTEXT_X23]
    ldp x25, x26, [x1, CONTEXT_X25]
    ldp x27, x28, [x1, CONTEXT_X27]
    ldp x29, x30, [x1, CONTEXT_X29]
    ldr x3, [x1, CONTEXT_SP]
    ldp d8, d9, [x1, CONTEXT_D8]
    ldp d10, d11, [x1, CONTEXT_D10]
    ldp d12, d13, [x1, CONTEXT_D12]
    ldp d14, d15, [x1, CONTEXT_D14]
    mov sp, x3
    mov w0, w2
    br x30
    .cfi_endproc
    .size context_switch, . - context_switch

    .type context_entry, %function
    .cfi_startproc
    .cfi_escape 0x0f, 4, 0x83, CONTEXT_SP | 0x80, 0, 0x06 /* CFA: at x19 + SP */
.irp register, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30 /* saved there */
    .cfi_escape 0x10, \register, 3, 0x83, CONTEXT_X19 + (\register - 19) * 8 | 0x80, 0
.endr
    nop /* unwinders look for the rules of the byte before a return address */
context_entry:
    mov x0, x21
    blr x20
    brk #1
    .cfi_endproc
    .size context_entry, . - context_entry
    .section .note.GNU-stack, "", %progbits
