/*
 * entry_x86_64.S - void context_entry(void): where a new context begins.
 *
 *     rbx the resumer's context    r12 function    r13 its argument
 *
 * It jumps to the function instead of calling it, so that calls and returns pair
 * up for the CPU's prediction (context_x86_64.S), and gives it a return address
 * that only debuggers look at; the function never returns.
 *
 * For them there are rules of unwinding. The caller of a task is whoever resumed
 * it: its registers were saved where rbx points. The assembler has no words for
 * such rules, so they are in bytes: DW_CFA_def_cfa_expression (0x0f) with "what
 * is at rbx + RSP, plus 8", below which the return address lies as ever; and
 * DW_CFA_expression (0x10) for each register.
 *
 * Read before: context_x86_64.S. Rests on: DWARF 4, 6.4.2 and 7.7.
 */
#include "loop/co/context.h"

    .globl context_entry
    .type context_entry, @function
context_entry:
    .cfi_startproc
    .cfi_escape 0x0f, 5, 0x73, CONTEXT_RSP, 0x06, 0x23, 8
    .cfi_escape 0x10, 3, 2, 0x73, CONTEXT_RBX
    .cfi_escape 0x10, 6, 2, 0x73, CONTEXT_RBP
.irp register, 12, 13, 14, 15
    .cfi_escape 0x10, \register, 2, 0x73, CONTEXT_R12 + (\register - 12) * 8
.endr
    movq %r13, %rdi
    leaq 1f(%rip), %rax
    pushq %rax
    jmp *%r12
1:  ud2
    .cfi_endproc
    .size context_entry, . - context_entry

    .section .note.GNU-stack, "", @progbits
