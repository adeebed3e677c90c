/*
 * minico_x86_64.S - the switch: void mini_switch(void **from_sp, void *to_sp)
 *
 * Saves where it stands, and goes on where `to_sp` was saved. What a function
 * that was called may not change, it has to find as it was; all else the
 * compiler has saved already, for to C this is a call like any other:
 *
 *     rsp            stack pointer             kept in *from_sp
 *     rbx, r12-r15   the caller's variables    pushed
 *     rbp            frame pointer, or such    pushed
 *     rip            where to go on            pushed by `call`
 *     rax, rcx, rdx, rsi, rdi, r8-r11, xmm0-xmm15: not relied on after a call
 * Not saved: the signal mask (a system call: see ucontext.c); how floating
 * point rounds (mxcsr, x87). All tasks share both.
 * Why not `ret`: the processor guesses where a `ret` leads, from a stack of its
 * own of the last calls, and here it is wrong each time. For `jmp` it looks up
 * where this jump led before. Measured, there and back: 6 ns, with `ret` 18 ns.
 * Lines with .cfi tell debuggers where the registers are.
 *
 * Read before: ucontext.c, minico.h. Read after: minico.c.
 * Rests on: the System V ABI for x86-64, section 3.2 (registers).
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
 * new stack finds there. Returns its sp; `top` is a multiple of 16. */
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
