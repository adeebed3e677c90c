/*
 * minico_aarch64.S - the switch, for aarch64. Read before: minico_x86_64.S.
 *
 *     x19-x28, d8-d15   the caller's variables    stored on the stack
 *     x29, x30          frame pointer, where to go on (`bl` leaves it there)
 *     sp                stack pointer             kept in *from_sp
 *     x0-x18, v0-v7, v16-v31: the caller does not rely on these after a call
 *
 * Not saved: the signal mask; fpcr, how floating point rounds. `br` and not
 * `ret`, for the same reason as there.
 * Rests on: the procedure call standard AAPCS64, section 6.1 (registers).
 */
        .macro  each_pair op            /* what the stack holds, 160 bytes */
        \op     x19, x20, [sp, #0]
        \op     x21, x22, [sp, #16]
        \op     x23, x24, [sp, #32]
        \op     x25, x26, [sp, #48]
        \op     x27, x28, [sp, #64]
        \op     x29, x30, [sp, #80]
        \op     d8, d9, [sp, #96]
        \op     d10, d11, [sp, #112]
        \op     d12, d13, [sp, #128]
        \op     d14, d15, [sp, #144]
        .endm

        .text
        .globl  mini_switch
        .type   mini_switch, %function
mini_switch:
        .cfi_startproc
        sub     sp, sp, #160
        .cfi_adjust_cfa_offset 160
        each_pair stp
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        mov     x2, sp
        str     x2, [x0]
        mov     sp, x1                  // from here on: the other stack
        each_pair ldp
        add     sp, sp, #160
        .cfi_def_cfa_offset 0
        mov     x16, x30
        .cfi_register x30, x16
        mov     x30, xzr                // where begin returns to: nowhere
        br      x16
        .cfi_endproc
        .size   mini_switch, . - mini_switch

/* As in minico_x86_64.S. */
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
