/* against 05-drain: one line of almost as much as may be printed, then waits.
 */
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char line[1000000];
    memset(line, 'x', sizeof line);
    if (write(1, line, sizeof line) > 0)
        pause();
}
