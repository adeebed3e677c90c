/*
 * sha256.c - the hash function: blocks of 64 bytes are stirred one after the
 * other into eight words; the last block ends with the length in bits.
 *
 * Variables are called as in FIPS 180-4, so that the two can be laid side by
 * side. Rests on: FIPS 180-4. Read before: sha256.h. Read after: intake.c.
 */
#include "sha256.h"

#include <endian.h>
#include <stdio.h>

/* The first 32 bits of the cube roots' fractions of the first 64 primes. */
static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void sha256_init(struct sha256 *s)
{
    *s = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                   0xa54ff53a, 0x510e527f, 0x9b05688c,
                                   0x1f83d9ab, 0x5be0cd19}};
}

static uint32_t rotr(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

static void schedule(const uint8_t *block, uint32_t W[64])
{
    memcpy(W, block, SHA256_BLOCK);
    for (int t = 0; t < 16; t++)
        W[t] = be32toh(W[t]);
    for (int t = 16; t < 64; t++) {
        const uint32_t near = W[t - 2], far = W[t - 15];
        W[t] = (rotr(near, 17) ^ rotr(near, 19) ^ near >> 10) + W[t - 7] +
               (rotr(far, 7) ^ rotr(far, 18) ^ far >> 3) + W[t - 16];
    }
}

static void stir(uint32_t state[8], const uint8_t *block)
{
    uint32_t W[64];
    schedule(block, W);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; t++) {
        const uint32_t T1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) +
                            ((e & f) ^ (~e & g)) + K[t] + W[t];
        const uint32_t T2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) +
                            ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + T1;
        d = c, c = b, b = a, a = T1 + T2;
    }
    const uint32_t stirred[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++)
        state[i] += stirred[i];
}

void sha256_add(struct sha256 *s, struct base_slice bytes)
{
    while (bytes.len > 0) {
        const size_t held = s->len % SHA256_BLOCK;
        const size_t room = SHA256_BLOCK - held;
        const size_t n = bytes.len < room ? bytes.len : room;
        memcpy(s->block + held, bytes.ptr, n);
        s->len += n;
        bytes = base_slice_skip(bytes, n);
        if (n == room)
            stir(s->state, s->block);
    }
}

void sha256_end(struct sha256 *s, char hex[SHA256_HEX])
{
    static const char padding[SHA256_BLOCK] = {(char)0x80};
    const uint64_t bits = htobe64(s->len * 8);
    /* One bit, then zeros until eight bytes of the last block are left. */
    const size_t held = s->len % SHA256_BLOCK;
    const size_t zeros = (held < 56 ? 56 : 120) - held;
    sha256_add(s, (struct base_slice){padding, zeros});
    sha256_add(s, (struct base_slice){(const char *)&bits, sizeof(bits)});
    for (size_t i = 0; i < 8; i++)
        snprintf(hex + 8 * i, 9, "%08x", s->state[i]);
}
