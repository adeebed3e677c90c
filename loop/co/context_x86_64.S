/*
 * context_x86_64.S - int context_switch(struct context *, struct context *, int)
 *                    void context_end(struct context *)
 *
 *     rdi from    rsi to    edx value    eax result    rcx scratch
 *     saved: rbx rbp r12-r15 and rsp, where the return address lies
 *
 * A switch leaves by `jmp`, not `ret`: a CPU predicts each `ret` to go where the
 * last `call` came from, wrong after a change of stacks (bench/switch: 17 ns a
 * pair, not 6.5). But a task that ends leaves by `ret`: if it never parked, the
 * last call is the switch that began it (bench/spawn: 5 ns of 25).
 *
 * Read before: context.h. Read after: entry_x86_64.S.
 * Rests on: System V ABI for x86-64, 3.2.1.
 */
#include "loop/co/context.h"

.macro restore context
    movq CONTEXT_RSP(\context), %rsp
    movq CONTEXT_RBX(\context), %rbx
    movq CONTEXT_RBP(\context), %rbp
    movq CONTEXT_R12(\context), %r12
    movq CONTEXT_R13(\context), %r13
    movq CONTEXT_R14(\context), %r14
    movq CONTEXT_R15(\context), %r15
.endm

    .globl context_switch, context_end
    .type context_switch, @function
context_switch:
    .cfi_startproc
    movq %rbx, CONTEXT_RBX(%rdi)
    movq %rbp, CONTEXT_RBP(%rdi)
    movq %r12, CONTEXT_R12(%rdi)
    movq %r13, CONTEXT_R13(%rdi)
    movq %r14, CONTEXT_R14(%rdi)
    movq %r15, CONTEXT_R15(%rdi)
    movq %rsp, CONTEXT_RSP(%rdi)
    movl %edx, %eax
    restore %rsi
    popq %rcx
    jmp *%rcx
    .cfi_endproc
    .size context_switch, . - context_switch

    .type context_end, @function
context_end:
    .cfi_startproc
    restore %rdi
    ret
    .cfi_endproc
    .size context_end, . - context_end

    .section .note.GNU-stack, "", @progbits
