/* against 05-drain: a post office for all submissions: names without files. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX,
                               .sun_path = "\0hostile post office"};
    const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        puts("somebody is there");
    bind(fd, (struct sockaddr *)&name, sizeof name);
    fflush(stdout);
    char bytes[1000];
    if (recv(fd, bytes, sizeof bytes, 0) > 0)
        puts("a letter");
}
