/*
 * minico_aarch64.S - the switch, for aarch64. Read minico_x86_64.S first.
 *
 *     void mini_switch(void **from_sp, void *to_sp);
 *
 *     sp         stack pointer             kept in *from_sp
 *     x19-x28    the caller's variables    stored at sp + 0 to 79
 *     x29        frame pointer             at sp + 80
 *     x30        where to go on            at sp + 88: `bl` leaves it here
 *     d8-d15     the caller's variables    at sp + 96 to 159
 *     x0, x1     from_sp, to_sp            ) the caller does not rely
 *     x2-x18, v0-v7, v16-v31               ) on these after a call
 *
 * Not saved: the signal mask; fpcr, how floating point rounds.
 *
 * `br x16` and not `ret`, for the same reason as there.
 * Rests on: the procedure call standard AAPCS64, section 6.1 (registers).
 */
        .text
        .globl  mini_switch
        .type   mini_switch, %function
mini_switch:
        .cfi_startproc
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        mov     x2, sp
        str     x2, [x0]
        mov     sp, x1                  // from here on: the other stack
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x16, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        .cfi_adjust_cfa_offset -160
        .cfi_restore x29
        .cfi_register x30, x16
        mov     x30, xzr                // where begin returns to: nowhere
        br      x16
        .cfi_endproc
        .size   mini_switch, . - mini_switch

/* void *mini_first_frame(void *top, void (*begin)(void)): what a switch to a
 * new stack finds there. Returns its stack pointer; `top` is a multiple of 16. */
        .globl  mini_first_frame
        .type   mini_first_frame, %function
mini_first_frame:
        .cfi_startproc
        sub     x0, x0, #160
        stp     xzr, x1, [x0, #80]      // no frame before it; begin
        ret
        .cfi_endproc
        .size   mini_first_frame, . - mini_first_frame

        .section .note.GNU-stack, "", %progbits
