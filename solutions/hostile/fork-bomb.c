/* against 05-drain: makes children that make children. */
#include <unistd.h>

int main(void)
{
    for (;;)
        fork();
}
