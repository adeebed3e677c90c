/* against 05-drain: sleeps for ever, and says nothing. */
#include <unistd.h>

int main(void)
{
    for (;;)
        sleep(1000000);
}
