/* against 05-drain: the compiler reads a file that has no end. */
#include "/dev/zero"
int main(void)
{
    return 0;
}
