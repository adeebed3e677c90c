/* against 05-drain: a file that includes itself twice, 150 times deep. */
#if __INCLUDE_LEVEL__ < 150
#include __FILE__
#include __FILE__
#endif
int main(void);
