/*
 * context_aarch64.S - int context_switch(struct context *, struct context *, int)
 *                     void context_end(struct context *)
 *
 *     x0 from    x1 to    w2 value    w0 result    x3 scratch
 *     saved: x19-x28, x29 (frame), x30 (return address), sp, d8-d15
 *
 * A switch leaves by `br`, an end by `ret`, as in context_x86_64.S.
 *
 * Read before: context.h. Read after: entry_aarch64.S. Rests on: AAPCS64, 6.1.
 */
#include "loop/co/context.h"

.macro restore context
    ldp x19, x20, [\context, CONTEXT_X19]
    ldp x21, x22, [\context, CONTEXT_X21]
    ldp x23, x24, [\context, CONTEXT_X23]
    ldp x25, x26, [\context, CONTEXT_X25]
    ldp x27, x28, [\context, CONTEXT_X27]
    ldp x29, x30, [\context, CONTEXT_X29]
    ldr x3, [\context, CONTEXT_SP]
    ldp d8, d9, [\context, CONTEXT_D8]
    ldp d10, d11, [\context, CONTEXT_D10]
    ldp d12, d13, [\context, CONTEXT_D12]
    ldp d14, d15, [\context, CONTEXT_D14]
    mov sp, x3
.endm

    .globl context_switch, context_end
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
    mov w0, w2
    restore x1
    br x30
    .cfi_endproc
    .size context_switch, . - context_switch

    .type context_end, %function
context_end:
    .cfi_startproc
    restore x0
    ret
    .cfi_endproc
    .size context_end, . - context_end
    .section .note.GNU-stack, "", %progbits
