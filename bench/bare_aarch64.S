/*
 * bare_aarch64.S - the least that a switch of stacks can be: the yardstick of
 * bench/switch.
 *
 *     void bare_jump(void **from, void *to)     x0 from    x1 to
 *     void bare_ret(void **from, void *to)
 *
 *     saved, on the stack: x19-x28, x29, x30 (where to go on), d8-d15
 *
 * They are the same but for the end, see bare_x86_64.S.
 *
 * Read before: peers_co.h. Read after: ../loop/co/context_aarch64.S.
 * Rests on: AAPCS64, 6.1.
 */
.macro switch_stacks
    stp x29, x30, [sp, #-160]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
.endm

    .globl bare_jump, bare_ret
    .type bare_jump, @function
    .p2align 4
bare_jump:
    switch_stacks
    mov x9, x30
    br x9
    .size bare_jump, . - bare_jump

    .type bare_ret, @function
    .p2align 4
bare_ret:
    switch_stacks
    ret
    .size bare_ret, . - bare_ret

    .section .note.GNU-stack, "", @progbits
