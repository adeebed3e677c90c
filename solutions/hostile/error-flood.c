/* against 05-drain: a hundred thousand errors, each with its line. */
#define A nothing.here = there->is + no[thing];
#define B A A A A A A A A A A
#define C B B B B B B B B B B
#define D C C C C C C C C C C
#define E D D D D D D D D D D
#define F E E E E E E E E E E
int main(void)
{
    F return 0;
}
