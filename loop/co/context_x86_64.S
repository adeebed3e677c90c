/*
 * context_x86_64.S - int context_switch(struct context *, struct context *, int)
 *
 *     rdi from    rsi to    edx value    eax result    rax, rcx scratch
 *     saved: rbx rbp r12-r15, rsp as after the return, and the return address
 *
 * It leaves by `jmp`, not by `ret`: a CPU predicts a `ret` from the calls it saw,
 * wrong after each change of stacks (bench/switch: 6.5 ns a pair against 17).
 *
 * context_entry calls a task's first function. A debugger goes on from there to
 * whoever resumed the task: rbx points to the context that was saved then.
 *
 * Read before: context.h. Rests on: System V ABI for x86-64; DWARF 4, 6.4.
 */
#include "loop/co/context.h"

    .globl context_switch, context_entry
    .type context_switch, @function
context_switch:
    .cfi_startproc
    movq (%rsp), %rax
    leaq 8(%rsp), %rcx
    movq %rbx, CONTEXT_RBX(%rdi)
    movq %rbp, CONTEXT_RBP(%rdi)
    movq %r12, CONTEXT_R12(%rdi)
    movq %r13, CONTEXT_R13(%rdi)
    movq %r14, CONTEXT_R14(%rdi)
    movq %r15, CONTEXT_R15(%rdi)
    movq %rcx, CONTEXT_RSP(%rdi)
    movq %rax, CONTEXT_RIP(%rdi)
    movq CONTEXT_RBX(%rsi), %rbx
    movq CONTEXT_RBP(%rsi), %rbp
    movq CONTEXT_R12(%rsi), %r12
    movq CONTEXT_R13(%rsi), %r13
    movq CONTEXT_R14(%rsi), %r14
    movq CONTEXT_R15(%rsi), %r15
    movq CONTEXT_RSP(%rsi), %rsp
    movl %edx, %eax
    jmp *CONTEXT_RIP(%rsi)
    .cfi_endproc
    .size context_switch, . - context_switch

    .type context_entry, @function
    .cfi_startproc
    .cfi_escape 0x0f, 3, 0x73, CONTEXT_RSP, 0x06 /* CFA: what is at rbx + RSP */
    .cfi_escape 0x10, 3, 2, 0x73, CONTEXT_RBX /* and there is rbx */
    .cfi_escape 0x10, 6, 2, 0x73, CONTEXT_RBP
    .cfi_escape 0x10, 16, 2, 0x73, CONTEXT_RIP
.irp register, 12, 13, 14, 15
    .cfi_escape 0x10, \register, 2, 0x73, CONTEXT_R12 + (\register - 12) * 8
.endr
    nop /* unwinders look for the rules of the byte before a return address */
context_entry:
    movq %r13, %rdi
    call *%r12
    ud2
    .cfi_endproc
    .size context_entry, . - context_entry

    .section .note.GNU-stack, "", @progbits
