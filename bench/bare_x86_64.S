/*
 * bare_x86_64.S - the least that a switch of stacks can be: the yardstick of
 * bench/switch.
 *
 *     void bare_jump(void **from, void *to)     rdi from    rsi to
 *     void bare_ret(void **from, void *to)
 *
 *     saved, on the stack: rbp rbx r12-r15, below the return address
 *
 * They are the same but for the end. A CPU predicts where `ret` goes from the
 * calls that it has seen, wrong after each change of stacks; `jmp` it predicts
 * from where this jump went before.
 *
 * Read before: peers_co.h. Read after: ../loop/co/context_x86_64.S.
 * Rests on: System V ABI for x86-64, 3.2.1.
 */
.macro switch_stacks
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
.endm

    .globl bare_jump, bare_ret
    .type bare_jump, @function
    .p2align 4
bare_jump:
    switch_stacks
    popq %rcx
    jmp *%rcx
    .size bare_jump, . - bare_jump

    .type bare_ret, @function
    .p2align 4
bare_ret:
    switch_stacks
    ret
    .size bare_ret, . - bare_ret

    .section .note.GNU-stack, "", @progbits
