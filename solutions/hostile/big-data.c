/* against 05-drain: an object file of a terabyte. */
static char big[1UL << 40] = {1};

int main(int argc, char **argv)
{
    (void)argv;
    return big[argc];
}
