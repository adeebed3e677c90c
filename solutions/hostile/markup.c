/* against 05-drain: output that is a page, a table, an escape, no UTF-8. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char text[] =
        "<script>alert(1)</script><img src=x onerror=alert(1)>\n"
        "]]></system-out></testcase><testcase name=\"shouts\"/>\n"
        "=cmd|'/C calc'!A0,\"12\",12\r\n@SUM(1+1)\n+1\n-1\n\"\n"
        "\033[2J\033[H\033]0;title\007\033]8;;http://evil\033\\\033[8m\n"
        "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\n"
        "  ---\n  ...\nok 1 - shouts\nBail out!\n1..0 # skip\n"
        "\\u0000 \\\" \xe2\x80\xae reversed \xe2\x80\xa8 lines\n";
    if (write(1, text, sizeof text) > 0)
        pause(); /* with the NUL at its end */
}
